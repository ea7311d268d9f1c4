"""Our clients against every service of every real server: verified, and refused where they must be."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

import starttls
from starttls import sync
from starttls.core.errors import CertificateRejected, HandshakeFailed, Refused
from starttls.tls.plan import Timeouts
from tests.interop.servers.daemon import plain_environment
from tests.interop.servers.service import Service

PATIENT = Timeouts(wait=20, whole=40)

# What a client says first inside TLS, and a part of what the server answers: the session is its own and it is clean.
QUESTIONS: dict[str, tuple[bytes, bytes]] = {
    "smtp": (b"EHLO client.example.org\r\n", b"250"),
    "submission": (b"EHLO client.example.org\r\n", b"250"),
    "lmtp": (b"LHLO client.example.org\r\n", b"250"),
    "imap": (b"a1 CAPABILITY\r\n", b"a1 OK"),
    "pop3": (b"CAPA\r\n", b"+OK"),
    "managesieve": (b"NOOP\r\n", b"OK"),
    "ftp": (b"PBSZ 0\r\n", b"200"),
    "nntp": (b"CAPABILITIES\r\n", b"101"),
    "irc": (b"QUIT\r\n", b"ERROR"),
}


async def upgraded(service: Service, **options: object) -> starttls.Stream:
    return await starttls.connect(
        service.url,
        ca_file=service.ca_file,
        name=service.verify,
        timeouts=PATIENT,
        **options,  # type: ignore[arg-type]
    )


def test_a_verified_stream_that_answers(service: Service) -> None:
    """The asynchronous client: upgraded, verified, and what we then ask is answered inside TLS."""

    async def talk() -> None:
        async with await upgraded(service) as stream:
            assert stream.level == "verified"
            assert stream.tls is not None
            assert stream.tls.version in {"TLSv1.2", "TLSv1.3"}
            assert stream.tls.group is not None
            assert (stream.upgrade is None) == service.implicit
            question, answer = QUESTIONS.get(service.protocol, (b"", b""))
            if question:
                await stream.write(question)
                heard = b""
                async with asyncio.timeout(20):
                    while answer not in heard:
                        piece = await stream.read()
                        assert piece, heard
                        heard += piece

    asyncio.run(talk())


def test_the_blocking_client_agrees(service: Service) -> None:
    with sync.connect(service.url, ca_file=service.ca_file, name=service.verify, timeouts=PATIENT) as stream:
        assert stream.level == "verified"


def test_a_wrong_name_is_rejected(service: Service) -> None:
    """By us; Prosody, told the name by SNI or by the stream's ``to``, knows no such host and says so itself."""
    with pytest.raises((CertificateRejected, HandshakeFailed, Refused)) as caught:
        sync.connect(service.url, ca_file=service.ca_file, name="other.interop.test", timeouts=PATIENT)
    match caught.value:
        case CertificateRejected(chain=chain):
            assert chain
        case HandshakeFailed(alert=alert):
            assert (service.offer.server, alert) == ("prosody", "unrecognized_name")
        case Refused(reply=reply):
            assert service.offer.server == "prosody"
            assert "host-unknown" in reply


def test_an_unknown_authority_is_rejected(service: Service, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(CertificateRejected):
        sync.connect(service.url, ca_file=tmp_path / "other.pem", name=service.verify, timeouts=PATIENT)


def test_check_says_so(service: Service) -> None:
    """The command line, as an operator runs it, with its JSON contract."""
    command = [sys.executable, "-m", "starttls", "check", "--format", "json", "--ca-file", str(service.ca_file)]
    done = subprocess.run(
        [*command, "--name", service.verify, "--timeout", "30", service.url],
        capture_output=True,
        text=True,
        timeout=60,
        env=plain_environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (target,) = json.loads(done.stdout)["targets"]
    assert target["target"] == service.url
    assert target["address"] == f"{service.host}:{service.port}"
    assert target["state"] == ("implicit" if service.implicit else "upgraded")
    assert target["level"] == "verified"
    assert target["certificate"]["verified"] is True
    assert service.verify in target["certificate"]["names"]
    assert target["error"] is None
