"""The fetcher and real web servers. Hostile ones are in test_https_hostile.py, answers as such in test_response.py."""

import asyncio
import gc
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from starttls.core.errors import Misuse
from starttls.lab.authority import Authority
from starttls.policy.answer import Status
from starttls.policy.errors import StsCertificate, StsFetchFailed
from starttls.policy.sts import SIZE
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from starttls.resolve.resolver import PolicyFetcher
from starttls.tls.certificate import read_certificate
from tests.resolve.webservers import HOST, POLICY, Web, answer, failure, says, some_ca, web

HERE = f"{HOST}. A 127.0.0.1"


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A socket that nobody closed warns when it is collected, and a warning is an error."""
    yield
    gc.collect()


# -- as it should be --------------------------------------------------------------------------------


async def test_a_policy(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())

    async with web(handle, tmp_path) as found:
        fetcher: PolicyFetcher = found.fetcher()
        assert await fetcher.fetch("example.org") == POLICY
        assert found.hellos == [HOST]
    first, *headers = heard[0].decode().split("\r\n")
    assert first == "GET /.well-known/mta-sts.txt HTTP/1.1"
    assert headers[0] == f"Host: {HOST}"
    assert headers[1].startswith("User-Agent: starttls/")
    assert headers[2:] == ["Accept: text/plain", "Accept-Encoding: identity", "Connection: close", "", ""]


async def test_the_name_is_asked_of_the_resolver(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        world = FakeWorld.parse(HERE)
        assert await found.fetcher(world).fetch("example.org") == POLICY
        assert {str(question) for question in world.asked} == {f"{HOST} A", f"{HOST} AAAA"}


@pytest.mark.parametrize("status", [Status.SECURE, Status.INSECURE])
async def test_an_alias_leads_there_and_changes_no_name(status: Status, tmp_path: Path) -> None:
    """RFC 8461 §8.2: the certificate is for the policy host, and not for the host that it is an alias of."""
    world = FakeWorld.parse(
        f"{HOST}. CNAME mta-sts.provider.example.\nmta-sts.provider.example. A 127.0.0.1", default=status
    )
    async with web(says(answer()), tmp_path) as found:
        assert await found.fetcher(world).fetch("example.org") == POLICY
        assert found.hellos == [HOST]
    async with web(says(answer()), tmp_path, names=("mta-sts.provider.example",)) as found:
        assert isinstance(await failure(found, world=world), StsCertificate)


@pytest.mark.parametrize("name", [HOST, "*.example.org"])
async def test_names_in_a_certificate(name: str, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("other.example", name)) as found:
        assert await found.fetcher().fetch("example.org") == POLICY


async def test_a_domain_as_people_write_it(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("mta-sts.xn--mller-kva.de",)) as found:
        assert await found.fetcher().fetch("Müller.DE.") == POLICY


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_versions(version: ssl.TLSVersion, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, maximum=version) as found:
        assert await found.fetcher().fetch("example.org") == POLICY


async def test_64_kib_in_small_pieces(tmp_path: Path) -> None:
    body = POLICY + b"new: " + b"x" * (SIZE - len(POLICY) - 5)
    whole = answer(body)
    async with web(says(*(whole[at : at + 999] for at in range(0, len(whole), 999))), tmp_path) as found:
        assert await found.fetcher().fetch("example.org") == body


async def test_many_at_once(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        fetcher = found.fetcher()
        assert await asyncio.gather(*(fetcher.fetch("example.org") for _ in range(20))) == [POLICY] * 20


# -- addresses --------------------------------------------------------------------------------------


async def test_addresses_are_tried_in_turn(tmp_path: Path) -> None:
    world = FakeWorld.parse(f"{HOST}. AAAA ::1\n{HERE}")  # nobody listens on ::1
    async with web(says(answer()), tmp_path) as found:
        assert await found.fetcher(world).fetch("example.org") == POLICY


async def test_no_address_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    fetcher = HTTPSFetcher(FakeWorld.parse(f"{HOST}. AAAA ::1\n{HERE}"), ca_file=some_ca(tmp_path), port=port)
    with pytest.raises(StsFetchFailed) as caught:
        await fetcher.fetch("example.org")
    first, second = caught.value.detail.split(", ")
    assert first.startswith("no connection to ::1: ")  # a machine without IPv6 has other words for it
    assert second == "no connection to 127.0.0.1: connection refused"


async def test_no_more_than_eight_addresses_are_tried(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    world = FakeWorld.parse("\n".join(f"{HOST}. A 127.0.0.{last}" for last in range(1, 100)))
    with pytest.raises(StsFetchFailed) as caught:
        await HTTPSFetcher(world, ca_file=some_ca(tmp_path), port=port).fetch("example.org")
    assert caught.value.detail.count("connection refused") == 8


@pytest.mark.parametrize(
    ("world", "detail"),
    [
        ("", f"{HOST} does not exist"),
        (f"{HOST}. TXT x", f"{HOST} has no address"),
        (f"{HOST}. A ; bogus EDE 7: expired\n{HOST}. AAAA", f"DNS: {HOST} A is bogus: expired"),
        (f"{HOST}. A ; bogus\n{HOST}. AAAA ; bogus", None),
    ],
)
async def test_no_address(world: str, detail: str | None, tmp_path: Path) -> None:
    fetcher = HTTPSFetcher(FakeWorld.parse(world), ca_file=some_ca(tmp_path))
    with pytest.raises(StsFetchFailed) as caught:
        await fetcher.fetch("example.org")
    assert detail in {None, caught.value.detail}


async def test_one_family_that_fails_does_not_spoil_the_other(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        world = FakeWorld.parse(f"{HOST}. AAAA ; indeterminate\n{HERE}")
        assert await found.fetcher(world).fetch("example.org") == POLICY


@pytest.mark.parametrize(
    "domain", ["a" * 64 + ".example", ".".join(["a" * 60] * 4) + ".abcdef", "exa mple.org", "", "."]
)
async def test_a_domain_that_is_none(domain: str, tmp_path: Path) -> None:
    with pytest.raises(StsFetchFailed):
        await HTTPSFetcher(FakeWorld(), ca_file=some_ca(tmp_path)).fetch(domain)


def test_authorities_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="CA file"):
        HTTPSFetcher(FakeWorld(), ca_file=tmp_path / "missing.pem")


# -- certificates -----------------------------------------------------------------------------------


async def rejected(found: Web) -> StsCertificate:
    error = await failure(found)
    assert isinstance(error, StsCertificate)
    return error


@pytest.mark.parametrize("name", ["example.org", "www.example.org", "mta-sts.example.com", "*.mta-sts.example.org"])
async def test_a_certificate_for_another_name(name: str, tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=(name,)) as found:
        error = await rejected(found)
    assert error.detail == f"certificate rejected: name mismatch: certificate is for {name}, not {HOST}"
    assert read_certificate(error.chain[0]).names == (name,)


async def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, valid=-timedelta(days=3)) as found:
        error = await rejected(found)
    assert error.detail.startswith("certificate rejected: certificate expired on ")
    assert error.chain


async def test_an_authority_that_nobody_knows(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        found.ca_file.write_bytes(Authority("another").certificate)
        error = await rejected(found)
    assert error.detail.startswith("certificate rejected: issuer unknown")
    assert error.chain


async def test_the_systems_authorities_do_not_know_a_throwaway_one(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path) as found:
        fetcher = HTTPSFetcher(FakeWorld(), port=found.port, connect_to="127.0.0.1")
        with pytest.raises(StsCertificate):
            await fetcher.fetch("example.org")


async def test_who_fails_to_prove_itself_is_not_asked_for_anything(tmp_path: Path) -> None:
    async with web(says(answer()), tmp_path, names=("example.org",)) as found:
        await rejected(found)
        assert found.visits == 0
