"""Our client and our server against TLS libraries that are neither OpenSSL nor GnuTLS: NSS, Java's JSSE and Botan.

After a clean upgrade it is the library that meets ours, so each is asked for TLS 1.3 and 1.2, for groups that are
not the first choice of either side, and for the refusal of each kind of bad certificate. Go's library is in the
server Chasquid, among the real servers.
"""

import ctypes.util
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from starttls import sync
from starttls.core.errors import CertificateRejected, HandshakeFailed
from tests.interop.backends.visit import MAIL, PASSWORD, USER, Visit
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD, GOOD
from tests.interop.clients.program import Home, Ran
from tests.interop.clients.words import WORDS
from tests.interop.peers.alone import Alone, alone
from tests.interop.peers.stores import NICKNAME, PASSPHRASE, nss_prover, nss_truster, pkcs8, pkcs12_file
from tests.interop.servers.daemon import Daemon
from tests.interop.servers.service import Launch

pytestmark = pytest.mark.interop

PEERS = Path(__file__).parent / "peers"
VERSIONS = ("TLSv1.2", "TLSv1.3")
# What NSS is told to allow, and what both then agree on. In TLS 1.2 the list is also that of the curves that a
# certificate may have (RFC 8422 §5.1): without P-256 there is no session with our certificates.
NSS_GROUPS = [
    ("TLSv1.2", "x25519,P256", "x25519"),
    ("TLSv1.2", "P256", "secp256r1"),
    ("TLSv1.3", "x25519", "x25519"),
    ("TLSv1.3", "P256", "secp256r1"),
    ("TLSv1.3", "P384", "secp384r1"),
    ("TLSv1.3", "FF2048", "ffdhe2048"),
]
each_group = pytest.mark.parametrize(("version", "allowed", "group"), NSS_GROUPS)
each_version = pytest.mark.parametrize("version", VERSIONS)
each_bad = pytest.mark.parametrize("kind", BAD)


def agreed(visit: Visit) -> tuple[str, str | None]:
    """The version and the group, as our server sees them."""
    assert visit.stream.tls is not None
    return visit.stream.tls.version, visit.stream.tls.group


def nss_version(version: str) -> list[str]:
    """The option of NSS's programs that allows one version alone."""
    name = version.lower().replace("v", "")
    return ["-V", f"{name}:{name}"]


@contextmanager
def selfserv(house: House, home: Home, *options: str, kind: str = GOOD) -> Iterator[Alone]:
    """NSS's server. It speaks HTTP and shows the request, and listens on all addresses."""
    database = nss_prover(home, house.papers, kind)
    with alone(home, 993, "selfserv", "-v", "-d", database, "-e", NICKNAME, "-p", "993", *options) as server:
        yield server


@each_group
def test_our_client_is_served_by_nss(house: House, home: Home, version: str, allowed: str, group: str) -> None:
    with selfserv(house, home, *nss_version(version), "-I", allowed) as server:
        ran = server.connect("imaps", house.papers.ca_file, said=b"GET /inside HTTP/1.0\r\n\r\n")
        assert ran.status == 0, ran.output
        assert "GET /inside HTTP/1.0\r\n" in ran.output
        assert f"implicit TLS, verified, {version}," in ran.output
        assert f", {group}, certificate for localhost" in ran.output


# How it puts our alert: unknown_ca, bad_certificate, certificate_expired
NSS_HEARD = {
    "unknown-issuer": "Peer does not recognize and trust the CA",
    "wrong-name": "SSL peer cannot verify your certificate",
    "expired": "SSL peer rejected your certificate as expired",
}


@each_version
@each_bad
def test_our_client_refuses_nss(house: House, home: Home, version: str, kind: str) -> None:
    with selfserv(house, home, *nss_version(version), kind=kind) as server:
        ran = server.connect("imaps", house.papers.ca_file, said=b"GET /secret HTTP/1.0\r\n\r\n")
        assert ran.status == 1
        assert "certificate rejected" in ran.output
        assert "GET" not in ran.output
        # In TLS 1.3 OpenSSL, s_client too, sends this alert in the clear, which NSS takes for a broken record.
        assert server.heard(NSS_HEARD[kind] if version == "TLSv1.2" else "HDX PR_Read returned error")


def tstclnt(house: House, home: Home, door: Door, *options: str) -> Ran:
    """NSS's client, which has no STARTTLS."""
    said = home.write("said", WORDS["imap"].said)  # it spins where stdin is a pipe that has ended
    command = ["tstclnt", "-4", "-h", "localhost", "-p", str(door.port), "-d", nss_truster(home, house.papers)]
    return home.run(*command, "-A", said, *options)


@each_group
def test_nss_verifies_us_and_is_served(house: House, home: Home, version: str, allowed: str, group: str) -> None:
    with house.open("imaps") as door:
        ran = tstclnt(house, home, door, *nss_version(version), "-I", allowed)
        assert ran.status == 0, ran.output
        assert WORDS["imap"].answer in ran.output
        assert door.visit().heard == list(WORDS["imap"].heard)
        assert agreed(door.visit()) == (version, group)


ALERTS = {"unknown-issuer": "unknown_ca", "wrong-name": "bad_certificate", "expired": "certificate_expired"}


@each_version
@each_bad
def test_nss_refuses_us(house: House, home: Home, version: str, kind: str) -> None:
    with house.open("imaps", kind=kind) as door:
        # -O: it verifies within the handshake. Else, in TLS 1.2, it may refuse us when that is over and we have spoken.
        ran = tstclnt(house, home, door, *nss_version(version), "-O")
        assert ran.status == 254
        failure = door.failure()
        assert isinstance(failure, HandshakeFailed)
        assert failure.alert == ALERTS[kind]
        assert door.visits == []


# What libcurl fetches or asks, and what it shows.
CURL = {
    "smtp": ("/client.test", "NOOP", "250 2.0.0 OK"),
    "submission": ("/client.test", "NOOP", "250 2.0.0 OK"),
    "imap": ("/INBOX;UID=1", "", MAIL.decode()),
    "pop3": ("/1", "", MAIL.decode()),
    "ftp": ("/mail.txt", "", MAIL.decode()),
}


def curl_nss(home: Home, door: Door, version: str) -> Ran:
    if ctypes.util.find_library("curl-nss") is None:
        pytest.skip("libcurl-nss is not installed: run tools/interop-install")
    path, command, _ = CURL[door.scheme]
    url = f"{door.scheme.replace('submission', 'smtp')}://localhost:{door.port}{path}"
    return home.run(sys.executable, PEERS / "curl_nss.py", url, door.ca_file, version, USER, PASSWORD, command)


@each_version
@pytest.mark.parametrize("protocol", CURL)
def test_libcurl_with_nss_upgrades(house: House, home: Home, protocol: str, version: str) -> None:
    with house.open(protocol) as door:
        ran = curl_nss(home, door, version)
        assert " NSS/" in ran.output
        assert ran.status == 0, ran.output
        assert CURL[protocol][2] in ran.output
        assert door.visit().user == USER
        assert agreed(door.visit())[0] == version
        assert door.visit().stream.upgrade is not None


@each_bad
@pytest.mark.parametrize("protocol", CURL)
def test_libcurl_with_nss_refuses(house: House, home: Home, protocol: str, kind: str) -> None:
    with house.open(protocol, kind=kind) as door:
        assert curl_nss(home, door, "TLSv1.3").status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


def java_client(home: Home, door: Door, version: str, *properties: str) -> Ran:
    return home.run("java", *properties, PEERS / "Smtp.java", "client", str(door.port), door.ca_file, version)


@pytest.mark.parametrize(("version", "group"), [("TLSv1.2", "x25519"), ("TLSv1.3", "x25519"), ("TLSv1.3", "secp384r1")])
def test_java_verifies_us_and_is_served(house: House, home: Home, version: str, group: str) -> None:
    with house.open("smtp") as door:
        # secp256r1 for the certificate; in TLS 1.2 our side would prefer it to secp384r1
        ran = java_client(home, door, version, f"-Djdk.tls.namedGroups={group},secp256r1")
        assert ran.status == 0, ran.output
        assert f"{version} TLS_" in ran.output
        assert "221 2.0.0 Bye" in ran.output
        assert door.visit().heard == ["EHLO client.test", "NOOP", "QUIT"]
        assert agreed(door.visit()) == (version, group)


@each_bad
def test_java_refuses_us(house: House, home: Home, kind: str) -> None:
    with house.open("smtp", kind=kind) as door:
        ran = java_client(home, door, "TLSv1.3")
        assert ran.status == 1
        assert "SSLHandshakeException" in ran.output
        failure = door.failure()
        assert isinstance(failure, HandshakeFailed)
        # Its word for all of them; newer releases call an expired one that.
        assert failure.alert in {"certificate_unknown", "certificate_expired"}
        assert door.visits == []


@contextmanager
def java_server(house: House, home: Home, version: str, *, kind: str = GOOD) -> Iterator[int]:
    """A server on a port of 127.0.0.1."""
    store = pkcs12_file(home, house.papers, kind)
    if shutil.which("java") is None:
        pytest.skip("java is not installed: run tools/interop-install")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = ("java", PEERS / "Smtp.java", "server", str(port), store, PASSPHRASE, version)
    daemon = Daemon("java", Launch(command=command), home.folder)
    try:
        daemon.wait_until_answering([("127.0.0.1", port, True)])
        yield port
    finally:
        daemon.stop()


@each_version
def test_our_client_is_served_by_java(house: House, home: Home, version: str) -> None:
    with (
        java_server(house, home, version) as port,
        sync.connect("smtp://localhost", connect_to=("127.0.0.1", port), ca_file=house.papers.ca_file) as stream,
    ):
        assert stream.tls is not None
        assert (stream.level, stream.tls.version, stream.tls.group) == ("verified", version, "x25519")
        stream.write(b"EHLO client.test\r\nNOOP\r\nQUIT\r\n")
        for answer in (b"250 HELP\r\n", b"250 2.0.0 inside TLS\r\n", b"221 2.0.0 Bye\r\n", b""):
            assert stream.readline() == answer


@each_bad
def test_our_client_refuses_java(house: House, home: Home, kind: str) -> None:
    with java_server(house, home, "TLSv1.3", kind=kind) as port, pytest.raises(CertificateRejected):
        sync.connect("smtp://localhost", connect_to=("127.0.0.1", port), ca_file=house.papers.ca_file)


# Botan 2 has TLS 1.2 and no more. Its client tells what it thinks of a certificate and goes on in any case; when its
# input ends it leaves, whether we have answered or not.
BOTAN_SAYS = {
    GOOD: "Verified",
    "unknown-issuer": "Certificate issuer not found",
    "wrong-name": "Certificate does not match provided name",
    "expired": "Certificate has expired",
}


@pytest.mark.parametrize("kind", BOTAN_SAYS)
def test_botan_verifies_us_and_is_served(house: House, home: Home, kind: str) -> None:
    with house.open("imaps", kind=kind) as door:
        command = ["botan", "tls_client", "localhost", f"--port={door.port}", "--skip-system-cert-store"]
        ran = home.run(*command, f"--trusted-cas={door.ca_file}", said=WORDS["imap"].said)
        assert f"Certificate validation status: {BOTAN_SAYS[kind]}\n" in ran.output
        assert door.visit().heard == list(WORDS["imap"].heard)
        assert agreed(door.visit()) == ("TLSv1.2", "x25519")


@contextmanager
def botan(house: House, home: Home, kind: str) -> Iterator[Alone]:
    """Botan's server, which is an echo, and listens on all addresses."""
    files = (str(house.papers.certificate(kind)), str(pkcs8(home, house.papers, kind)))
    with alone(home, 465, "botan", "tls_server", *files, "--port=465") as server:
        yield server


def test_our_client_is_served_by_botan(house: House, home: Home) -> None:
    with botan(house, home, GOOD) as server:
        # Not imaps: it answers any offer of ALPN with an empty name, which OpenSSL refuses with decode_error.
        ran = server.connect("submissions", house.papers.ca_file, said=b"an echo\r\n")
        assert ran.status == 0, ran.output
        assert "implicit TLS, verified, TLSv1.2," in ran.output
        assert "an echo\r\n" in ran.output


@each_bad
def test_our_client_refuses_botan(house: House, home: Home, kind: str) -> None:
    with botan(house, home, kind) as server:
        ran = server.connect("submissions", house.papers.ca_file, said=b"an echo\r\n")
        assert ran.status == 1
        assert "certificate rejected" in ran.output
        assert "an echo" not in ran.output
        assert server.heard(f"Alert: {ALERTS[kind]}")
