"""The asynchronous client against honest and hostile servers on loopback."""

import asyncio
import gc
import time

import pytest

from starttls.asyncio.client import Client, connect
from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.core import errors
from starttls.protocols import ALL
from starttls.tls.connection import Connection
from starttls.tls.contexts import server_context
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from tests.asyncio.conftest import Certificates
from tests.asyncio.peers import GREETING, HOSTILE, OFFER, echo, honest, in_a_thread, says, scripted

SHORT = Timeouts(wait=0.4, handshake=0.4, connect=2, whole=5)
SCHEMES = [scheme for protocol in ALL for scheme in (protocol.name, protocol.implicit) if scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_verified_stream(pem: Certificates, scheme: str) -> None:
    """Every protocol, by upgrade and by implicit TLS."""
    async with honest(scheme, pem.server) as port:
        async with await connect(f"{scheme}://localhost:{port}", ca_file=pem.ca) as stream:
            assert stream.level is Level.VERIFIED
            assert stream.peer == ("127.0.0.1", port)
            assert stream.tls is not None
            assert stream.tls.version == "TLSv1.3"
            assert (stream.upgrade is None) == (scheme not in [protocol.name for protocol in ALL])
            await stream.write(b"hello\r\n")
            assert await stream.readline() == b"HELLO\r\n"


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_servers(name: str) -> None:
    """One line, the right class, a transcript, and never beyond the timeout."""
    script, kind, words = HOSTILE[name]
    began = time.monotonic()
    async with scripted(script) as port:
        with pytest.raises(errors.StartTLSError) as caught:
            await connect(f"smtp://127.0.0.1:{port}", timeouts=SHORT)
    assert type(caught.value).__name__ == kind, str(caught.value)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.transcript is not None
    assert time.monotonic() - began < 4


async def test_a_strangers_certificate_is_rejected_and_its_chain_kept(pem: Certificates) -> None:
    async with honest("imap", pem.stranger) as port:
        with pytest.raises(errors.CertificateRejected) as caught:
            await connect(f"imap://localhost:{port}", ca_file=pem.ca)
    assert caught.value.chain
    assert caught.value.transcript is not None


async def test_a_wrong_name_is_rejected(pem: Certificates) -> None:
    async with honest("imap", pem.server) as port:
        with pytest.raises(errors.CertificateRejected, match="not other.example"):
            await connect(f"imap://127.0.0.1:{port}", ca_file=pem.ca, name="other.example")


async def test_an_unverified_certificate_must_be_asked_for_by_name(pem: Certificates) -> None:
    async with honest("imap", pem.stranger) as port:
        async with await connect(f"imap://localhost:{port}", level="encrypted") as stream:
            assert stream.level is Level.ENCRYPTED


async def test_plaintext_must_be_asked_for_by_name(pem: Certificates) -> None:
    """Then the same connection goes on, and its level says what it is."""
    async with scripted(says(GREETING, b"250 mail.example.org\r\n", b"250 again\r\n")) as port:
        async with await connect(f"smtp://127.0.0.1:{port}", fallback="plaintext") as stream:
            assert stream.level is Level.NONE
            assert stream.tls is None
            assert stream.said["greeting"] == ("mail.example.org ESMTP",)
            await stream.write(b"EHLO x\r\n")
            assert await stream.readline() == b"250 again\r\n"


async def test_an_attack_is_never_answered_with_plaintext() -> None:
    """A fallback is for a server that has no TLS, not for a broken or injected dialogue."""
    async with scripted(says(GREETING, OFFER, b"454 no\r\n235 Authenticated\r\n")) as port:
        with pytest.raises(errors.Refused):
            await connect(f"smtp://127.0.0.1:{port}", fallback="plaintext")
    with pytest.raises(errors.Misuse, match="cannot go on in plaintext"):
        async with scripted(says()) as port:
            await connect(f"xmpp://127.0.0.1:{port}", fallback="plaintext")


async def test_a_client_that_connects_again_resumes(pem: Certificates) -> None:
    client = Client(ca_file=pem.ca)
    async with honest("smtp", pem.server) as port:
        seen: list[bool] = []
        for _ in range(2):
            async with await client.connect(f"smtp://localhost:{port}") as stream:
                await stream.write(b"x\n")
                await stream.readline()
                assert stream.tls is not None
                assert stream.level is Level.VERIFIED
                seen.append(stream.tls.resumed)
    assert seen == [False, True]


async def test_the_whole_time_is_bounded() -> None:
    async with scripted(says(GREETING)) as port:
        with pytest.raises(errors.TimedOut, match="after 0.3 s while waiting for the answer to the hello"):
            await connect(f"smtp://127.0.0.1:{port}", timeouts=Timeouts(whole=0.3))


async def test_nobody_there() -> None:
    async with scripted(says()) as port:
        pass
    with pytest.raises(errors.CannotConnect, match="refused"):
        await connect(f"smtp://127.0.0.1:{port}")
    with pytest.raises(errors.CannotResolve, match="cannot resolve no-such-name.invalid"):
        await connect("smtp://no-such-name.invalid")


async def test_cancelling_leaves_nothing_behind() -> None:
    async with scripted(says(GREETING)) as port:
        task = asyncio.create_task(connect(f"smtp://127.0.0.1:{port}"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_a_server_in_another_thread(pem: Certificates) -> None:
    """The harness that the blocking tests use."""
    with in_a_thread(lambda: honest("smtp", pem.server, echo)) as port:

        async def talk() -> bytes:
            async with await connect(f"smtp://localhost:{port}", ca_file=pem.ca) as stream:
                await stream.write(b"a\n")
                return await stream.readline()

        assert asyncio.run(talk()) == b"A\n"


async def test_two_protocols_on_one_port_share_no_session(pem: Certificates) -> None:
    """ALPN belongs to the context, and a session to its context: one for IMAP is none for SMTP."""
    client = Client(ca_file=pem.ca)
    port = 0
    for scheme in ("imap", "smtp", "imap"):
        async with listen(f"{scheme}://127.0.0.1:{port}", echo, certificate=pem.server) as server:
            port = server.addresses[0][1]
            async with await client.connect(f"{scheme}://localhost:{port}") as stream:
                await stream.write(b"x\n")
                assert await stream.readline() == b"X\n"


async def test_a_clients_certificate(pem: Certificates) -> None:
    """Shown where it is asked for; the server's stream says what it is worth. Without one there is no stream."""
    levels: list[Level] = []

    async def look(stream: Stream) -> None:
        levels.append(stream.level)
        await stream.write(b"welcome\n")

    context = server_context(pem.server, client_ca=pem.ca)
    async with listen("smtp://127.0.0.1:0", look, context=context) as server:
        url = f"smtp://localhost:{server.addresses[0][1]}"
        async with await connect(url, ca_file=pem.ca, certificate=pem.server) as stream:
            assert await stream.readline() == b"welcome\n"
        with pytest.raises(errors.TLSError, match="certificate_required"):
            async with await connect(url, ca_file=pem.ca) as stream:
                await stream.readline()
    assert levels == [Level.VERIFIED]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_client_that_is_cancelled_at_any_moment_leaves_nothing_open(pem: Certificates, host: str) -> None:
    async with listen("smtp://127.0.0.1:0", echo, certificate=pem.server) as server:
        client = Client(ca_file=pem.ca)

        async def whole() -> None:
            async with await client.connect(f"smtp://{host}:{server.addresses[0][1]}") as stream:
                await stream.write(b"x\n")
                await stream.readline()

        for turns in range(40):
            task = asyncio.create_task(whole())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
            assert ended is None or isinstance(ended, asyncio.CancelledError)
            del ended, task
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()  # what nobody closed says so now


async def test_a_bug_of_ours_is_no_stream_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends the attempt: the loop reports it, and nothing is returned that is not open."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    monkeypatch.setattr(Connection, "receive_data", lambda *_: 1 // 0)
    async with scripted(says(GREETING)) as port:
        with pytest.raises(errors.StartTLSError):
            async with asyncio.timeout(3):
                await connect(f"smtp://127.0.0.1:{port}")
    assert told
