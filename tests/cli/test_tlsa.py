import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from starttls.lab.world import World
from starttls.policy.answer import MX, Address, Status
from starttls.resolve.fake import FakeWorld
from tests.cli.names import served
from tests.interop.dane.case import CHAIN, HOST, MIDDLE, OTHER, SERVED
from tests.policy.paper import issue, record, server

OWNER = f"_25._tcp.{HOST}"
NEW, OLD = record(3, 1, 1, SERVED), record(3, 1, 1, OTHER)


@pytest.fixture
def pem(tmp_path: Path) -> str:
    """The new certificate with its whole chain."""
    file = tmp_path / "new.pem"
    file.write_bytes(b"".join(paper.pem for paper in CHAIN))
    return str(file)


@pytest.fixture(scope="module")
def place() -> Generator[str]:
    world = FakeWorld()
    hosts = {"ready": (OLD, NEW), "late": (OLD,), "free": ()}
    for name, records in hosts.items():
        world.add(f"{name}.test", MX(10, f"mx.{name}.test")).add(f"mx.{name}.test", Address("127.0.0.1"))
        world.add(f"_25._tcp.mx.{name}.test", *records)
    world.add("_993._tcp.mx.late.test", NEW)
    world.add("_587._tcp.mx.late.test", record(1, 1, 1, SERVED))
    world.add("both.test", MX(10, "mx.ready.test"), MX(20, "mx.late.test"), MX(30, "mx.plain.test"))
    world.add("mx.plain.test", Address("127.0.0.1"), status=Status.INSECURE)
    world.add("broken.test", MX(10, "mx.broken.test")).add("mx.broken.test", Address("127.0.0.1"))
    world.fail("_25._tcp.mx.broken.test", "TLSA")
    with served(world) as address:
        yield address


@pytest.fixture
def check(cli: Callable[..., Any], place: str, pem: str) -> Callable[..., Any]:
    return lambda *arguments: cli("tlsa", "--resolver", place, "--dnssec", "ad", "--check", *arguments, pem)


# --- records ---------------------------------------------------------------------------------------


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(";")]


def test_the_records_of_a_file(cli: Any, pem: str) -> None:
    done = cli("tlsa", pem)
    assert (done.code, done.err) == (0, "")
    assert lines_of(done.out) == [f"{OWNER}. IN TLSA {NEW}", f"{OWNER}. IN TLSA {record(2, 1, 1, MIDDLE)}"]


def test_other_records_for_other_names(cli: Any, pem: str) -> None:
    done = cli("tlsa", "--record", "3-0-2", "--host", "A.test", "--host", "b.test.", "--protocol", "imaps", pem)
    wanted = record(3, 0, 2, SERVED)
    assert lines_of(done.out) == [f"_993._tcp.{host}.test. IN TLSA {wanted}" for host in "ab"]
    done = cli("tlsa", "--record", "3-1-1", "--protocol", "xmpp", "--port", "5223", pem)
    assert lines_of(done.out) == [f"_5223._tcp.{HOST}. IN TLSA {NEW}"]


def test_json(cli: Any, pem: str) -> None:
    document = json.loads(cli("tlsa", "--format", "json", pem).out)
    assert document["owners"] == [OWNER]
    assert [one["usage"] for one in document["records"]] == [3, 2]
    assert document["rollover"] == []


def test_one_certificate_alone_and_as_der(cli: Any, tmp_path: Path) -> None:
    for data in (SERVED.pem, SERVED.der):
        (tmp_path / "one").write_bytes(data)
        done = cli("tlsa", str(tmp_path / "one"))
        assert (done.code, lines_of(done.out)) == (0, [f"{OWNER}. IN TLSA {NEW}"])
        assert done.err == "starttls: no record of an authority: its certificate is not in the chain\n"


def test_names_that_are_none_are_left_out(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(server(None, names=("*.example.org", "A.test", "a.test")).pem)
    assert [line.split()[0] for line in lines_of(cli("tlsa", str(tmp_path / "one")).out)] == ["_25._tcp.a.test."]
    many = tuple(f"{number}.test" for number in range(100))
    (tmp_path / "one").write_bytes(server(None, names=many).pem)
    assert len(lines_of(cli("tlsa", str(tmp_path / "one")).out)) == 20


def test_the_records_of_a_server(cli: Any, here: World) -> None:
    url = next(url for url in here.honest if url.startswith("smtp:"))
    done = cli("tlsa", url)
    assert done.code == 0
    assert done.err.startswith(f"starttls: warning: {url}: nobody vouches for what it presented")
    assert lines_of(done.out)[0].startswith(f"_{url.rpartition(':')[2]}._tcp.localhost. IN TLSA 3 1 1 ")
    assert "\n_143._tcp.localhost. IN TLSA 3 1 1 " in cli("tlsa", "--protocol", "imap", url).out


def test_a_server_that_is_not_there_and_one_that_does_not_upgrade(cli: Any, here: World) -> None:
    assert cli("tlsa", "smtp://127.0.0.1:1").code == 3
    done = cli("tlsa", here.stripped)
    assert (done.code, "STARTTLS is not offered" in done.err) == (1, True)


# --- may it be presented ---------------------------------------------------------------------------


def test_it_may(check: Any) -> None:
    done = check("ready.test")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mx.ready.test: it may be presented now: what is published matches it, provided that")
    assert done.out.endswith(f"  at the end  remove _25._tcp.mx.ready.test. IN TLSA {OLD}\n")


def test_it_may_where_nothing_is_published(check: Any) -> None:
    done = check("free.test")
    assert done.code == 0
    assert done.out == "mx.free.test: it may be presented now: it is proven that there are no TLSA records\n"


def test_not_before_it_is_published(check: Any) -> None:
    done = check("late.test")
    assert done.code == 1
    assert f"\n  publish     _25._tcp.mx.late.test. IN TLSA {NEW}\n  then wait   120 s: " in done.out


def test_not_before_caches_forget(check: Any) -> None:
    assert check("ready.test", "--published", "2999-01-01 10:00").code == 1
    assert check("ready.test", "--published", "2020-01-01T10:00").code == 0
    done = check("ready.test", "--published", "2020-01-01", "--ttl", "2147483647")
    assert (done.code, "but caches may have older records until" in done.out) == (1, True)


def test_what_fails_or_is_not_signed_cannot_be_told(check: Any) -> None:
    done = check("broken.test")
    assert (done.code, "mx.broken.test: it could not be told: DNS: " in done.out) == (3, True)
    assert check("both.test", "--host", "mx.plain.test").code == 3
    assert check("nothing.test").code == 3


def test_every_mail_host_or_one(check: Any) -> None:
    done = check("both.test")
    assert [line.split(":")[0] for line in done.out.splitlines() if line.startswith("mx.")] == [
        f"mx.{name}.test" for name in ("ready", "late", "plain")
    ]
    assert done.code == 1
    assert check("both.test", "--host", "mx.ready.test").code == 0
    assert check("[mx.ready.test]").code == 0
    done = check("both.test", "--host", "mx.test")
    assert (done.code, done.err) == (
        2,
        "starttls: error: mx.test is no host of both.test, which has: mx.ready.test, mx.late.test, mx.plain.test\n",
    )


def test_other_services_have_one_host(check: Any, tmp_path: Path) -> None:
    assert check("mx.late.test", "--protocol", "imaps").code == 0
    (tmp_path / "roots.pem").write_bytes(CHAIN[-1].pem)
    submission = ("mx.late.test", "--protocol", "submission", "--ca-file")
    # The certificate is for another name, and usage 1 compares names.
    done = check(*submission, str(tmp_path / "roots.pem"))
    assert (done.code, f"is for {HOST}, not mx.late.test" in done.out) == (1, True)


def test_check_as_json(check: Any) -> None:
    [host] = json.loads(check("late.test", "--format", "json").out)["rollover"]
    assert (host["host"], host["state"], host["ttl"]) == ("mx.late.test", "publish", 60)
    assert host["publish"] == [{"usage": 3, "selector": 1, "mtype": 1, "data": NEW.data.hex()}]


# --- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("/nosuch",), "'/nosuch' is neither a file nor a URL"),
        (("smpt://a",), "unknown scheme 'smpt'"),
        (("--record", "4-1-1", "x"), "'4-1-1' is not USAGE-SELECTOR-TYPE, as in 3-1-1"),
        (("--record", "311", "x"), "'311' is not USAGE-SELECTOR-TYPE"),
        (("--ttl", "5", "x"), "--published and --ttl go with --check"),
        (("--published", "2026-01-01", "x"), "--published and --ttl go with --check"),
        ((__file__,), "holds no certificate"),
        (("/",), "cannot read /: is a directory"),
    ],
)
def test_mistakes(cli: Any, arguments: tuple[str, ...], words: str) -> None:
    done = cli("tlsa", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_certificate_that_gives_no_record(cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.pem"
    file.write_bytes(issue("nobody").pem)
    assert "the certificate is for no host name" in cli("tlsa", str(file)).err
    assert (
        "there is no certificate of an authority in the chain"
        in cli("tlsa", "--host", "a.test", "--record", "2-1-1", str(file)).err
    )
