"""TLS contexts: for a client, for a server, and for an audit, which must be able to speak to anything.

A context is made once and used for many connections; nothing here remembers one. The profile is RFC 9325's: TLS 1.2
and 1.3, ephemeral ECDH with AEAD, no compression, no renegotiation. Older versions are had by name alone, and then
Python warns as well (`DeprecationWarning`).
"""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from starttls.core.errors import Misuse

__all__ = ["SUITES", "PathLike", "audit_context", "authorities", "client_context", "server_context"]

PathLike: TypeAlias = str | Path

# RFC 9325 §4.2 recommends ECDHE with AES-GCM for TLS 1.2; ChaCha20-Poly1305 (RFC 7905) is the other AEAD with forward
# secrecy, and TLS 1.3 has no other kind. Level 2 refuses keys below 112 bits and SHA-1.
SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""The suites of TLS 1.2, in OpenSSL's language."""

_OLD_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:DHE+AES:AES:!aNULL:!eNULL:@SECLEVEL=0"
_EVERY_SUITE = "ALL:COMPLEMENTOFALL:!aNULL:!eNULL:@SECLEVEL=0"
_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT has a name from Python 3.12 on

# Where OpenSSL's own place is empty, as where Python brought an OpenSSL of its own along.
_STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_NO_STORE = "this system has no certificate authorities (Debian: apt install ca-certificates); name a CA file"


def client_context(  # noqa: PLR0913 - options, all of them by name
    *,
    verify: bool = True,
    check_name: bool = True,
    ca_file: PathLike | None = None,
    ca_data: str | bytes | None = None,
    alpn: Sequence[str] = (),
    certificate: PathLike | None = None,
    key: PathLike | None = None,
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    suites: str = SUITES,
) -> ssl.SSLContext:
    """A client's context.

    Args:
        verify: check the chain of certificates, and the name; False takes any certificate.
        check_name: let OpenSSL check the name. False leaves it to `TLSSession`, which must be told of more kinds
            of name than OpenSSL knows (XMPP); the name is checked either way.
        ca_file: trust the certificates in this PEM file, as they stand, instead of the system's authorities.
        ca_data: the same from memory: PEM text or DER.
        alpn: application protocols to offer, the preferred one first.
        certificate: our own certificate and its chain, a PEM file.
        key: its key, where that is in another file.
        minimum: the oldest TLS version. Below 1.2 the suites widen to what those versions had.
        maximum: the newest TLS version.
        suites: the suites of TLS 1.2.

    Raises `Misuse` where a file or a value cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _profile(context, minimum, maximum, suites, alpn)
    context.hostname_checks_common_name = False  # RFC 9525 §2: the common name is no identifier
    context.check_hostname = verify and check_name
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    elif ca_file is not None or ca_data is not None:
        _trust(context, ca_file, ca_data)
    else:
        _trust_system(context)
    if certificate is not None:
        _identify(context, certificate, key)
    elif key is not None:
        raise Misuse(f"a key ({key}) without a certificate")
    return context


def server_context(
    certificate: PathLike,
    key: PathLike | None = None,
    *,
    client_ca: PathLike | None = None,
    client_required: bool = True,
    alpn: Sequence[str] = (),
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    suites: str = SUITES,
) -> ssl.SSLContext:
    """A server's context.

    Its tickets are encrypted with a key that lives as long as the context: a daemon that runs for weeks makes a new
    context from time to time (RFC 9325 §3.4).

    Args:
        certificate: the certificate and its chain, a PEM file.
        key: its key, where that is in another file.
        client_ca: ask clients for certificates of the authorities in this PEM file.
        client_required: with ``client_ca``, refuse a client that has none.
        alpn: application protocols to accept, the preferred one first.
        minimum: the oldest TLS version. Below 1.2 the suites widen to what those versions had.
        maximum: the newest TLS version.
        suites: the suites of TLS 1.2.

    Raises `Misuse` where a file or a value cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _profile(context, minimum, maximum, suites, alpn)
    context.num_tickets = 1  # the default is two; a client that connects again needs one
    _identify(context, certificate, key)
    if client_ca is not None:
        _trust(context, client_ca, None)
        context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
    return context


def audit_context(
    *, minimum: ssl.TLSVersion = ssl.TLSVersion.MINIMUM_SUPPORTED, alpn: Sequence[str] = ()
) -> ssl.SSLContext:
    """A client's context that speaks to whatever this OpenSSL can speak to, and believes nobody.

    For looking at a server. Nothing that matters may be sent through it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _profile(context, minimum, ssl.TLSVersion.MAXIMUM_SUPPORTED, _EVERY_SUITE, alpn)
    context.options |= _LEGACY_SERVER_CONNECT
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def authorities(ca_file: PathLike | None = None) -> tuple[bytes, ...]:
    """The certificates (DER) of the authorities in a PEM file, or of the system's. Raises `Misuse`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A directory of authorities gives them by name alone. Where there is one, there is a file as well.
    system = ssl.get_default_verify_paths().cafile or next((path for path in _STORES if Path(path).exists()), None)
    path = ca_file or system
    if path is None:
        raise Misuse(_NO_STORE)
    _trust(context, path, None)
    return tuple(context.get_ca_certs(binary_form=True))


def _profile(
    context: ssl.SSLContext, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion, suites: str, alpn: Sequence[str]
) -> None:
    if 0 < maximum < minimum:  # the names for "whatever there is" are negative
        raise Misuse(f"there are no TLS versions from {minimum.name} to {maximum.name}")
    old = 0 < minimum < ssl.TLSVersion.TLSv1_2
    context.minimum_version = minimum
    context.maximum_version = maximum
    try:
        context.set_ciphers(_OLD_SUITES if old and suites == SUITES else suites)
    except ssl.SSLError:
        raise Misuse(f"no TLS suite is called '{suites}'") from None
    # RFC 9325 §3.3 and §3.5: no compression, no renegotiation.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if alpn:
        try:
            context.set_alpn_protocols(list(alpn))
        except (ssl.SSLError, UnicodeError) as error:
            raise Misuse(f"ALPN names {tuple(alpn)} cannot be sent: {error}") from None


def _identify(context: ssl.SSLContext, certificate: PathLike, key: PathLike | None) -> None:
    _readable("certificate", certificate)
    if key is not None:
        _readable("key", key)
    try:
        # An empty password, lest OpenSSL ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None)
        if reason == "KEY_VALUES_MISMATCH":
            raise Misuse(
                f"the key in {key or certificate} does not belong to the certificate in {certificate}"
            ) from None
        where = f"{certificate} and {key}" if key is not None else f"{certificate}"
        raise Misuse(f"no certificate and unencrypted key (PEM) in {where}") from None


def _trust(context: ssl.SSLContext, ca_file: PathLike | None, ca_data: str | bytes | None) -> None:
    if ca_file is not None:
        _readable("CA file", ca_file)
    try:
        context.load_verify_locations(cafile=ca_file, cadata=ca_data)
    except (ssl.SSLError, OSError, ValueError):
        raise Misuse(f"no certificate in {f'CA file {ca_file}' if ca_file is not None else 'the CA data'}") from None
    # What is named here is trusted as it stands: also an intermediate authority, or one server's own certificate.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _trust_system(context: ssl.SSLContext) -> None:
    # OpenSSL's own places; SSL_CERT_FILE and SSL_CERT_DIR of the environment are its affair, too. On Debian that is a
    # directory, of which only the authorities that are needed are read.
    paths = ssl.get_default_verify_paths()
    if any((paths.cafile, paths.capath)):
        context.set_default_verify_paths()
        return
    for store in _STORES:
        if Path(store).exists():
            _trust(context, store, None)
            return
    raise Misuse(_NO_STORE)


def _readable(what: str, path: PathLike) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise Misuse(f"{what} {path}: {(error.strerror or 'cannot be read').lower()}") from None
