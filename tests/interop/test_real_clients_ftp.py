"""Our server against real clients of FTP: each logs in and fetches a file over a protected data connection."""

import ftplib
import ssl

import pytest

from tests.interop.backends.visit import MAIL, PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

LFTP = """
set ftp:ssl-force true
set ftp:ssl-protect-data true
set ssl:ca-file {ca_file}
set ssl:verify-certificate true
set ssl:check-hostname true
set net:max-retries 1
set net:timeout 5
open -u {user},{password} ftp://localhost:{port}
cat mail.txt
"""


def curl(home: Home, door: Door) -> Ran:
    command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(door.ca_file)]
    return home.run(*command, "--user", f"{USER}:{PASSWORD}", f"ftp://localhost:{door.port}/mail.txt")


def lftp(home: Home, door: Door) -> Ran:
    script = LFTP.format(port=door.port, user=USER, password=PASSWORD, ca_file=door.ca_file)
    return home.run("lftp", "--norc", "-f", home.write("script", script))


def test_curl_fetches(house: House, home: Home) -> None:
    with house.open("ftp") as door:
        ran = curl(home, door)
        assert ran.status == 0, ran.output
        assert ran.output.encode() == MAIL
        visit = door.visit()
        assert visit.user == USER
        assert {"PBSZ", "PROT", "EPSV", "RETR", "QUIT"} <= set(visit.verbs)


@pytest.mark.parametrize("kind", BAD)
def test_curl_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("ftp", kind=kind) as door:
        assert curl(home, door).status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


def test_lftp_fetches(house: House, home: Home) -> None:
    with house.open("ftp") as door:
        ran = lftp(home, door)
        assert ran.status == 0, ran.output
        assert ran.output.encode() == MAIL
        visit = door.visit()
        assert visit.user == USER
        assert {"PBSZ", "PROT", "RETR"} <= set(visit.verbs)


@pytest.mark.parametrize("kind", BAD)
def test_lftp_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("ftp", kind=kind) as door:
        ran = lftp(home, door)
        assert ran.status == 1, ran.output
        assert "Certificate verification" in ran.output
        # lftp has its first command ready, and sends it behind the handshake before it looks at the certificate.
        assert door.heard() in ([], [f"USER {USER}"])


def test_ftplib_fetches(house: House) -> None:
    with house.open("ftp") as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        got: list[bytes] = []
        with ftplib.FTP_TLS(context=context, timeout=10) as session:
            session.connect("localhost", door.port)
            session.login(USER, PASSWORD)  # asks for TLS by itself
            session.prot_p()
            session.retrbinary("RETR mail.txt", got.append)
        assert b"".join(got) == MAIL
        assert door.visit().user == USER


@pytest.mark.parametrize("kind", BAD)
def test_ftplib_refuses(house: House, kind: str) -> None:
    with house.open("ftp", kind=kind) as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        session = ftplib.FTP_TLS(context=context, timeout=10)
        session.connect("localhost", door.port)
        with pytest.raises(ssl.SSLCertVerificationError):
            session.login(USER, PASSWORD)
        session.close()
        assert door.heard() == []


def test_logins_wait_for_tls(house: House) -> None:
    with house.open("ftp") as door:
        with ftplib.FTP(timeout=10) as session:
            session.connect("localhost", door.port)
            with pytest.raises(ftplib.error_perm, match="53"):
                session.login(USER, PASSWORD)
        failure = door.failure()
        assert door.visits == []
        assert failure.transcript is not None
        assert PASSWORD not in failure.transcript.text
