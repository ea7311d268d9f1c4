"""Our server against real clients of SMTP, submission and LMTP: each delivers a mail that we then hold."""

import os
import smtplib
import ssl

import pytest

from starttls.core.errors import NotRequested
from tests.interop.backends.visit import PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

FROM, TO = "author@localhost", "reader@localhost"
# The second line begins with a dot, which is doubled on the wire.
TEXT = "From: author@localhost\r\nTo: reader@localhost\r\nSubject: one\r\n\r\nIt was here.\r\n.dotted\r\n"
BODY = b"It was here.\r\n.dotted\r\n"


def curl(home: Home, door: Door, *options: str) -> Ran:
    url = f"smtp://localhost:{door.port}/client.test"
    mail = home.write("mail", TEXT)
    command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(door.ca_file), "--url", url]
    command += ["--mail-from", FROM, "--mail-rcpt", TO, "--upload-file", str(mail), *options]
    return home.run(*command, "--user", f"{USER}:{PASSWORD}")


def swaks(home: Home, door: Door, *options: str) -> Ran:
    command = ["swaks", "--server", "localhost", "--port", str(door.port), "--helo", "client.test", "-tls"]
    command += ["--tls-verify", "--tls-ca-path", str(door.ca_file), "--tls-sni", "localhost"]
    command += ["--from", FROM, "--to", TO, "--body", "It was here.\\n.dotted", *options]
    return home.run(*command, "--auth", "PLAIN", "--auth-user", USER, "--auth-password", PASSWORD)


def msmtp(home: Home, door: Door, *options: str) -> Ran:
    command = ["msmtp", "--host=localhost", f"--port={door.port}", "--tls=on", "--tls-starttls=on", "--auth=plain"]
    command += [f"--tls-trust-file={door.ca_file}", f"--user={USER}", f"--passwordeval=echo {PASSWORD}"]
    return home.run(*command, f"--from={FROM}", *options, TO, said=TEXT.encode())


def test_curl_delivers(house: House, home: Home) -> None:
    with house.open("smtp") as door:
        ran = curl(home, door)
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
        assert visit.user == USER
        assert visit.mail[0].endswith(BODY)
        assert visit.stream.said["hello"] == ("client.test",)


@pytest.mark.parametrize("kind", BAD)
def test_curl_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("smtp", kind=kind) as door:
        assert curl(home, door).status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


def test_swaks_delivers(house: House, home: Home) -> None:
    with house.open("smtp") as door:
        ran = swaks(home, door)
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
        assert visit.user == USER
        assert BODY in visit.mail[0]


@pytest.mark.parametrize("kind", ["unknown-issuer", "expired"])
def test_swaks_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("smtp", kind=kind) as door:
        assert swaks(home, door).status == 29  # a TLS error
        assert door.heard() == []


def test_swaks_does_not_look_at_the_name(house: House, home: Home) -> None:
    # --tls-verify builds the path only: this is swaks's doing, and we are not who it meant.
    with house.open("smtp", kind="wrong-name") as door:
        assert swaks(home, door).status == 0
        assert door.visit().user == USER


def test_swaks_delivers_by_lmtp(house: House, home: Home) -> None:
    with house.open("lmtp") as door:
        ran = swaks(home, door, "--protocol", "LMTP", "--to", f"{TO},{FROM}")
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.verbs == ["LHLO", "AUTH", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]
        assert BODY in visit.mail[0]


def test_msmtp_delivers(house: House, home: Home) -> None:
    with house.open("submission") as door:
        ran = msmtp(home, door)
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
        assert visit.user == USER
        assert visit.mail[0].endswith(BODY)


@pytest.mark.parametrize("kind", BAD)
def test_msmtp_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("submission", kind=kind) as door:
        ran = msmtp(home, door)
        assert ran.status == 69, ran.output  # EX_UNAVAILABLE
        assert "TLS certificate verification failed" in ran.output
        assert door.heard() == []


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
@pytest.mark.parametrize(("kind", "verdict"), [("good", "Verified"), *((kind, "Untrusted") for kind in BAD)])
def test_postfix_gives_its_verdict(house: House, home: Home, protocol: str, kind: str, verdict: str) -> None:
    # posttls-finger is Postfix's own client, and looks as Postfix would at level "secure". It says goodbye inside
    # TLS whatever it found.
    main_cf = home.write("main.cf", f"compatibility_level = 3.6\ndnssec_probe =\nqueue_directory = {home.folder}\n")
    os.utime(main_cf, (0, 0))  # one that was just written it reads again and again, until two seconds have passed
    with house.open(protocol, kind=kind) as door:
        command = ["posttls-finger", *(["-S"] if protocol == "lmtp" else []), "-c"]
        command += ["-l", "secure", "-F", str(door.ca_file)]
        command += ["-o", "inet_interfaces=127.0.0.1", f"[127.0.0.1]:{door.port}", "localhost"]
        ran = home.run(*command, environment={"MAIL_CONFIG": str(home.folder)})
        assert f"{verdict} TLS connection established" in ran.output
        assert door.visit().verbs == ["LHLO" if protocol == "lmtp" else "EHLO", "QUIT"]


@pytest.mark.parametrize(("protocol", "client"), [("smtp", smtplib.SMTP), ("lmtp", smtplib.LMTP)])
def test_smtplib_delivers(house: House, protocol: str, client: type[smtplib.SMTP]) -> None:
    with house.open(protocol) as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        with client("localhost", door.port, local_hostname="client.test") as session:
            session.starttls(context=context)
            session.login(USER, PASSWORD)
            assert session.sendmail(FROM, [TO], TEXT.encode()) == {}
        visit = door.visit()
        assert visit.user == USER
        assert visit.mail[0].endswith(BODY)


@pytest.mark.parametrize("kind", BAD)
def test_smtplib_refuses(house: House, kind: str) -> None:
    with house.open("smtp", kind=kind) as door:
        context = ssl.create_default_context(cafile=door.ca_file)
        session = smtplib.SMTP("localhost", door.port)
        try:
            with pytest.raises(ssl.SSLCertVerificationError):
                session.starttls(context=context)
        finally:
            session.close()
        assert door.heard() == []


def test_mail_and_logins_wait_for_tls(house: House) -> None:
    # What a client that forgets STARTTLS hears from us.
    with house.open("submission") as door:
        with smtplib.SMTP("localhost", door.port) as session:
            session.ehlo()
            assert session.has_extn("starttls")
            assert not session.has_extn("auth")
            assert session.mail(FROM)[0] == 530
            assert session.docmd("AUTH", "PLAIN AHRlc3RlcgBo")[0] == 530
        assert isinstance(door.failure(), NotRequested)
        assert door.visits == []
