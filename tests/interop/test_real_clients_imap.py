"""Our server against real clients of IMAP: each logs in and takes the one mail home."""

import imaplib
import ssl
from contextlib import suppress

import pytest

from tests.interop.backends.visit import MAIL, PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

MBSYNC = """
IMAPStore far
Host localhost
Port {port}
User {user}
Pass {password}
SSLType STARTTLS
SystemCertificates no
CertificateFile {ca_file}

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Create Near
Sync Pull
"""


def curl(home: Home, door: Door) -> Ran:
    command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(door.ca_file)]
    url = f"imap://localhost:{door.port}/INBOX;UID=1"
    return home.run(*command, "--user", f"{USER}:{PASSWORD}", "--url", url)


def mbsync(home: Home, door: Door) -> Ran:
    made = MBSYNC.format(port=door.port, user=USER, password=PASSWORD, ca_file=door.ca_file, folder=home.folder)
    return home.run("mbsync", "--config", home.write("mbsyncrc", made), "all")


def test_curl_fetches(house: House, home: Home) -> None:
    with house.open("imap") as door:
        ran = curl(home, door)
        assert ran.status == 0, ran.output
        assert ran.output.encode() == MAIL
        visit = door.visit()
        assert visit.verbs == ["CAPABILITY", "AUTHENTICATE", "SELECT", "UID", "LOGOUT"]
        assert visit.user == USER


@pytest.mark.parametrize("kind", BAD)
def test_curl_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("imap", kind=kind) as door:
        assert curl(home, door).status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


def test_mbsync_takes_the_mail_home(house: House, home: Home) -> None:
    with house.open("imap") as door:
        ran = mbsync(home, door)
        assert ran.status == 0, ran.output
        assert door.visit().user == USER
    (kept,) = (home.folder / "INBOX/new").iterdir()
    lines = kept.read_bytes().splitlines()
    # mbsync adds a header of its own, to know the mail again
    assert [line for line in lines if not line.startswith(b"X-TUID: ")] == MAIL.splitlines()


@pytest.mark.parametrize("kind", BAD)
def test_mbsync_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("imap", kind=kind) as door:
        ran = mbsync(home, door)
        assert ran.status == 1, ran.output
        assert door.heard() == []


def test_imaplib_fetches(house: House) -> None:
    with house.open("imap") as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        with imaplib.IMAP4("localhost", door.port) as session:
            session.starttls(context)
            assert "STARTTLS" not in session.capabilities
            session.login(USER, PASSWORD)
            session.select()
            _, fetched = session.fetch("1", "(FLAGS BODY[])")
            assert isinstance(fetched[0], tuple)
            assert fetched[0][1] == MAIL
        assert door.visit().user == USER


@pytest.mark.parametrize("kind", BAD)
def test_imaplib_refuses(house: House, kind: str) -> None:
    with house.open("imap", kind=kind) as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        session = imaplib.IMAP4("localhost", door.port)
        with pytest.raises(ssl.SSLCertVerificationError):
            session.starttls(context)
        with suppress(OSError):  # the failed handshake has closed the socket already
            session.shutdown()
        assert door.heard() == []


def test_logins_wait_for_tls(house: House) -> None:
    with house.open("imap") as door:
        with imaplib.IMAP4("localhost", door.port) as session:
            assert "LOGINDISABLED" in session.capabilities
            with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
                session.login(USER, PASSWORD)
        failure = door.failure()
        assert door.visits == []
        assert failure.transcript is not None
        assert PASSWORD not in failure.transcript.text
