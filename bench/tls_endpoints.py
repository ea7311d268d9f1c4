"""One side of a TLS connection over memory BIOs, bare, in each library: what `bench.tls_library` compares."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from starttls.core.transcript import Side
from starttls.tls.contexts import client_context, server_context
from starttls.tls.proof import ImplicitTLS
from starttls.tls.session import TLSSession

NAME = "mail.example.org"
CHUNK = 16384


class Endpoint(Protocol):
    """One side of one connection: bytes in, bytes out."""

    done: bool
    heard: bool

    def step(self, data: bytes) -> bytes:
        """Take bytes from the peer, give bytes for the peer."""

    def say(self) -> bytes:
        """Encrypt one byte."""


class StdlibEndpoint:
    """stdlib ``ssl`` on two ``MemoryBIO``."""

    __slots__ = ("_in", "_out", "_tls", "done", "heard")

    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server else NAME
        self._tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)
        self.done = self.heard = False

    def step(self, data: bytes) -> bytes:
        """Take bytes from the peer, give bytes for the peer."""
        if data:
            self._in.write(data)
        try:
            if not self.done:
                self._tls.do_handshake()
                self.done = True
            self.heard = bool(self._tls.read(1))
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def say(self) -> bytes:
        """Encrypt one byte."""
        self._tls.write(b"x")
        return self._out.read()


class PyOpenSSLEndpoint:
    """pyOpenSSL without a socket, which makes it use memory BIOs."""

    __slots__ = ("_tls", "done", "heard")

    def __init__(self, context: SSL.Context, *, server: bool) -> None:
        self._tls = SSL.Connection(context, None)
        if server:
            self._tls.set_accept_state()
        else:
            self._tls.set_tlsext_host_name(NAME.encode())
            self._tls.set_connect_state()
        self.done = self.heard = False

    def step(self, data: bytes) -> bytes:
        """Take bytes from the peer, give bytes for the peer."""
        if data:
            self._tls.bio_write(data)
        try:
            if not self.done:
                self._tls.do_handshake()
                self.done = True
            self.heard = bool(self._tls.recv(1))
        except SSL.WantReadError:
            pass
        try:
            return self._tls.bio_read(CHUNK)
        except SSL.WantReadError:
            return b""

    def say(self) -> bytes:
        """Encrypt one byte."""
        self._tls.send(b"x")
        return self._tls.bio_read(CHUNK)


class SessionEndpoint:
    """`TLSSession`: what is built on the choice."""

    __slots__ = ("_tls", "done", "heard")

    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        if server:
            self._tls = TLSSession.server(ImplicitTLS("imap", Side.SERVER), context)
        else:
            self._tls = TLSSession.client(ImplicitTLS("imap", Side.CLIENT), context, NAME)
        self.done = self.heard = False

    def step(self, data: bytes) -> bytes:
        """Take bytes from the peer, give bytes for the peer."""
        if data:
            self._tls.receive_data(data)
        self.done = self._tls.handshake_done
        self.heard = self.heard or bool(self._tls.read(1))
        return self._tls.data_to_send()

    def say(self) -> bytes:
        """Encrypt one byte."""
        self._tls.send(b"x")
        return self._tls.data_to_send()


def write_certificates(files: Path) -> None:
    """A throwaway authority, an intermediate one, and a server's certificate, as PEM files in ``files``."""
    root = trustme.CA()
    leaf = root.create_child_ca().issue_cert(NAME)
    root.cert_pem.write_to_path(files / "ca.pem")
    leaf.private_key_pem.write_to_path(files / "key.pem")
    (files / "chain.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))


def stdlib_context(files: Path, role: str, version: str) -> ssl.SSLContext:
    """A verifying client's or a server's context, with nothing said about suites."""
    server = role == "server"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    if server:
        context.num_tickets = 1
        context.load_cert_chain(files / "chain.pem", files / "key.pem")
    else:
        context.load_verify_locations(files / "ca.pem")
    return context


def pyopenssl_context(files: Path, role: str, version: str, *, p256: bool) -> SSL.Context:
    """The same in pyOpenSSL, which does not check names."""
    context = SSL.Context(SSL.TLS_METHOD)
    number = SSL.TLS1_3_VERSION if version == "TLSv1.3" else SSL.TLS1_2_VERSION
    context.set_min_proto_version(number)
    context.set_max_proto_version(number)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # CPython's ssl always sets it
    if role == "server":
        context.use_certificate_chain_file(str(files / "chain.pem"))
        context.use_privatekey_file(str(files / "key.pem"))
    else:
        context.load_verify_locations(str(files / "ca.pem"))
        context.set_verify(SSL.VERIFY_PEER)
    if p256:
        context.set_tmp_ecdh(ec.SECP256R1())
    return context


def session_context(files: Path, role: str, version: str) -> ssl.SSLContext:
    """The same from our own profile."""
    number = ssl.TLSVersion[version.replace(".", "_")]
    if role == "server":
        return server_context(files / "chain.pem", files / "key.pem", minimum=number, maximum=number)
    return client_context(ca_file=files / "ca.pem", minimum=number, maximum=number)


def maker(files: Path, library: str, role: str, version: str, *, p256: bool = True) -> Callable[[], Endpoint]:
    """A function that makes one side; ``p256`` pins the group, so that both libraries do the same work."""
    server = role == "server"
    if library == "session":
        own = session_context(files, role, version)
        if p256:
            own.set_ecdh_curve("prime256v1")
        return lambda: SessionEndpoint(own, server=server)
    if library == "ssl":
        standard = stdlib_context(files, role, version)
        if p256:
            standard.set_ecdh_curve("prime256v1")
        return lambda: StdlibEndpoint(standard, server=server)
    other = pyopenssl_context(files, role, version, p256=p256)
    return lambda: PyOpenSSLEndpoint(other, server=server)
