"""The blocking client against the same honest and hostile servers."""

import time

import pytest

from starttls.core import errors
from starttls.protocols import ALL
from starttls.sync.client import Client, connect
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from tests.asyncio.conftest import Certificates
from tests.asyncio.peers import GREETING, HOSTILE, honest, in_a_thread, says, scripted

SHORT = Timeouts(wait=0.4, handshake=0.4, connect=2, whole=5)
SCHEMES = [scheme for protocol in ALL for scheme in (protocol.name, protocol.implicit) if scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_verified_stream(pem: Certificates, scheme: str) -> None:
    with in_a_thread(lambda: honest(scheme, pem.server)) as port:
        with connect(f"{scheme}://localhost:{port}", ca_file=pem.ca) as stream:
            assert stream.level is Level.VERIFIED
            assert stream.peer == ("127.0.0.1", port)
            stream.write(b"hello\r\n")
            assert stream.readline() == b"HELLO\r\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_servers(name: str) -> None:
    script, kind, words = HOSTILE[name]
    began = time.monotonic()
    with in_a_thread(lambda: scripted(script)) as port, pytest.raises(errors.StartTLSError) as caught:
        connect(f"smtp://127.0.0.1:{port}", timeouts=SHORT)
    assert type(caught.value).__name__ == kind, str(caught.value)
    assert words in str(caught.value)
    assert caught.value.transcript is not None
    assert time.monotonic() - began < 4


def test_a_strangers_certificate_is_rejected(pem: Certificates) -> None:
    with in_a_thread(lambda: honest("imap", pem.stranger)) as port, pytest.raises(errors.CertificateRejected):
        connect(f"imap://localhost:{port}", ca_file=pem.ca)


def test_plaintext_by_name() -> None:
    script = says(GREETING, b"250 mail.example.org\r\n", b"250 again\r\n")
    with in_a_thread(lambda: scripted(script)) as port:
        with connect(f"smtp://127.0.0.1:{port}", fallback="plaintext") as stream:
            assert stream.level is Level.NONE
            stream.write(b"EHLO x\r\n")
            assert stream.readline() == b"250 again\r\n"


@pytest.mark.parametrize("resume", [True, False])
def test_resumption(pem: Certificates, resume: bool) -> None:
    client = Client(ca_file=pem.ca, resume=resume)
    with in_a_thread(lambda: honest("smtp", pem.server)) as port:
        seen: list[bool] = []
        for _ in range(2):
            with client.connect(f"smtp://localhost:{port}") as stream:
                stream.write(b"x\n")
                stream.readline()
                assert stream.tls is not None
                seen.append(stream.tls.resumed)
    assert seen == [False, resume]


def test_the_whole_time_is_bounded() -> None:
    with in_a_thread(lambda: scripted(says(GREETING))) as port, pytest.raises(errors.TimedOut):
        connect(f"smtp://127.0.0.1:{port}", timeouts=Timeouts(whole=0.3))
