import json
from collections.abc import Callable, Generator
from typing import Any

import pytest

from starttls.cli.policy import exit_code
from starttls.cli.voice import Exit
from starttls.resolve.fake import FakeWorld
from tests.check.test_examine import seen
from tests.cli.names import served
from tests.policy.mail import DIGEST, PLAIN, SIGNED, unsigned

WORLD = f"""
    signed.test.                  MX    10 mx.signed.test.
    mx.signed.test.               A     127.0.0.9
    _25._tcp.mx.signed.test.      TLSA  {DIGEST}
    plain.example.                ZONE                       ; insecure
    plain.example.                MX    10 mx.plain.example.
    mx.plain.example.             A     127.0.0.9
    null.test.                    MX    0 .
    broken.test.                  ZONE                       ; bogus
"""


@pytest.fixture(scope="module")
def dns() -> Generator[str]:
    with served(FakeWorld.parse(WORLD)) as place:
        yield place


@pytest.fixture
def policy(cli: Callable[..., Any], dns: str) -> Callable[..., Any]:
    return lambda *arguments: cli("policy", "--resolver", dns, "--dnssec", "ad", *arguments)


def test_a_domain_that_cannot_be_downgraded(policy: Any) -> None:
    done = policy("signed.test")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("signed.test: no mail host can be downgraded\n├── MX          secure  10 mx.signed.test")
    assert "Microsoft 365" in done.out


def test_a_domain_that_can(policy: Any) -> None:
    done = policy("--sender", "gmail", "plain.example")
    assert done.code == 1
    assert done.out.startswith("plain.example: an attacker on the path can downgrade it\n")
    assert "delivers in clear" in done.out
    assert "Microsoft" not in done.out


def test_a_domain_that_takes_no_mail(policy: Any) -> None:
    assert policy("null.test").code == 0


def test_what_is_forged_or_broken(policy: Any) -> None:
    done = policy("--sender", "none", "broken.test")
    assert done.code == 1
    assert done.out.startswith("broken.test: it could not be told whether it can be downgraded\n")
    assert "sender" not in done.out
    assert done.err.startswith("starttls: hint: if every domain fails, ask a DNS server that passes DNSSEC on")


def test_json_is_one_document(policy: Any) -> None:
    document = json.loads(policy("--format", "json", "signed.test").out)
    assert document["domain"] == "signed.test"
    assert document["mx"][0]["decision"]["action"] == "dane"
    assert document["downgradable"] is False


def test_live_where_nobody_answers_cannot_be_told(policy: Any) -> None:
    done = policy("--live", "--port", "1", "plain.example")
    assert done.code == 1
    assert "live        could not be told: " in done.out


def test_live_for_which_there_was_no_time_cannot_be_told(policy: Any) -> None:
    """What is published is not all that was asked for."""
    done = policy("--live", "--timeout", "0.000001", "--sender", "none", "signed.test")
    assert (done.code, "no mail host can be downgraded" in done.out) == (3, True)
    assert "live        could not be told: no connection was tried" in done.out
    assert done.err == "starttls: warning: timed out after 1e-06 s in resolving the mail hosts of signed.test\n"


def test_mistakes(policy: Any) -> None:
    done = policy("--mx", "mx9.test", "signed.test")
    assert (done.code, "mx9.test is no mail host of signed.test, which has: mx.signed.test" in done.err) == (2, True)
    done = policy("--sender", "gmial", "signed.test")
    assert (done.code, "no sender is called 'gmial'; known are: starttls, Gmail" in done.err) == (2, True)
    assert policy("not a domain").code == 2


@pytest.mark.parametrize(
    ("world", "code"),
    [
        (FakeWorld.parse(SIGNED), Exit.VERIFIED),
        (unsigned(PLAIN), Exit.FELL_SHORT),
        (FakeWorld.parse("example.org. MX 0 ."), Exit.VERIFIED),
        (FakeWorld.parse("example.org. MX ; indeterminate"), Exit.COULD_NOT_TELL),
        (FakeWorld.parse("example.org. MX ; bogus"), Exit.FELL_SHORT),
        (FakeWorld.parse("example.net. A 192.0.2.1"), Exit.COULD_NOT_TELL),
        (FakeWorld.parse("example.org. A 192.0.2.1\n_25._tcp.example.org. TLSA ; bogus"), Exit.FELL_SHORT),
    ],
)
def test_exit_codes(world: FakeWorld, code: Exit) -> None:
    assert exit_code(seen(world)) is code
