"""A client asks nothing that it does not need."""

import subprocess
import sys

import pytest

from starttls.core.errors import Misuse
from starttls.resolve.fake import FakeWorld
from starttls.resolve.planned import Planned
from starttls.resolve.router import Router

HEAVY = {"dns", "cryptography", "h11", "httpx", "httpx2", "msgspec", "click"}
ASKING = {"router", "dns", "destination", "services", "demands", "https", "sts"}


def test_the_plan_gets_what_is_its_own() -> None:
    planned = Planned(policy="encrypt", resolver=FakeWorld(), fetcher=FakeWorld())
    assert planned.plan.policy == "encrypt"
    assert isinstance(planned.router, Router)
    assert planned.router is planned.router
    with pytest.raises(Misuse, match="contradict"):
        Planned(policy="dane", level="encrypted", resolver="192.0.2.53")


@pytest.mark.parametrize("begin", ["starttls.connect", "starttls.sync.connect"])
def test_a_plain_connection_imports_nothing_that_asks(begin: str) -> None:
    """And it costs no lookup but the system's own."""
    program = f"""
import asyncio, inspect, sys, starttls
async def main():
    try:
        made = {begin}("smtp://127.0.0.1:1")
        if inspect.isawaitable(made): await made
    except starttls.CannotConnect:
        print(*sys.modules)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "starttls.tls.plan" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert loaded & {f"starttls.resolve.{name}" for name in ASKING} == set()
    assert loaded & {"starttls.policy.decide", "starttls.policy.tlsa", "starttls.policy.sts"} == set()
