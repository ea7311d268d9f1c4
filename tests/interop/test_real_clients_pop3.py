"""Our server against real clients of POP3: each logs in and takes the one mail home."""

import poplib
import ssl
from contextlib import suppress

import pytest

from tests.interop.backends.visit import MAIL, PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

# Without "ssl" this is STLS, and naming a version makes it required.
FETCHMAIL = """
poll localhost protocol pop3 port {port} uidl
    user "{user}" password "{password}" sslproto "TLS1.2+" sslcertck sslcertfile "{ca_file}" keep
    mda "cat >> {folder}/got"
"""
FETCHMAIL_SAYS = {
    "unknown-issuer": "unable to get local issuer certificate",
    "wrong-name": "Server CommonName mismatch: elsewhere.test != localhost",
    "expired": "certificate has expired",
}


def curl(home: Home, door: Door) -> Ran:
    command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(door.ca_file)]
    url = f"pop3://localhost:{door.port}/1"
    return home.run(*command, "--user", f"{USER}:{PASSWORD}", "--url", url)


def fetchmail(home: Home, door: Door) -> Ran:
    made = FETCHMAIL.format(port=door.port, user=USER, password=PASSWORD, ca_file=door.ca_file, folder=home.folder)
    command = ["fetchmail", "--nodetach", "--nosyslog", "--fetchmailrc", str(home.write("fetchmailrc", made))]
    command += ["--pidfile", str(home.folder / "pid"), "--idfile", str(home.folder / "ids")]
    return home.run(*command, environment={"FETCHMAILHOME": str(home.folder)})


def test_curl_fetches(house: House, home: Home) -> None:
    with house.open("pop3") as door:
        ran = curl(home, door)
        assert ran.status == 0, ran.output
        assert ran.output.encode() == MAIL
        visit = door.visit()
        assert visit.verbs == ["CAPA", "USER", "PASS", "RETR", "QUIT"]
        assert visit.user == USER


@pytest.mark.parametrize("kind", BAD)
def test_curl_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("pop3", kind=kind) as door:
        assert curl(home, door).status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


def test_fetchmail_takes_the_mail_home(house: House, home: Home) -> None:
    with house.open("pop3") as door:
        ran = fetchmail(home, door)
        assert ran.status == 0, ran.output
        assert door.visit().user == USER
    assert (home.folder / "got").read_bytes().endswith(b"The words that were kept.\n")


@pytest.mark.parametrize("kind", BAD)
def test_fetchmail_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("pop3", kind=kind) as door:
        ran = fetchmail(home, door)
        assert ran.status == 2, ran.output  # PS_SOCKET
        assert FETCHMAIL_SAYS[kind] in ran.output
        assert door.heard() == []


def test_poplib_fetches(house: House) -> None:
    with house.open("pop3") as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        session = poplib.POP3("localhost", door.port)
        session.stls(context)
        session.user(USER)
        session.pass_(PASSWORD)
        assert session.stat() == (1, len(MAIL))
        assert b"\r\n".join(session.retr(1)[1]) + b"\r\n" == MAIL
        session.quit()
        assert door.visit().user == USER


@pytest.mark.parametrize("kind", BAD)
def test_poplib_refuses(house: House, kind: str) -> None:
    with house.open("pop3", kind=kind) as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        session = poplib.POP3("localhost", door.port)
        with pytest.raises(ssl.SSLCertVerificationError):
            session.stls(context)
        with suppress(OSError):  # the failed handshake has closed the socket already
            session.close()
        assert door.heard() == []


def test_logins_wait_for_tls(house: House) -> None:
    with house.open("pop3") as door:
        session = poplib.POP3("localhost", door.port)
        assert session.capa() == {"STLS": []}
        with pytest.raises(poplib.error_proto, match="No login before STLS"):
            session.user(USER)
        session.quit()
        door.failure()
        assert door.visits == []
