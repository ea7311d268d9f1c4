"""Where the names on the way to a mail host are aliases (RFC 7672 §2.2.2, RFC 7671 §7)."""

import pytest

from starttls.policy.answer import Answer, Status
from starttls.policy.destination import Host, Kind
from starttls.resolve.destination import destination, host_at
from starttls.resolve.fake import FakeWorld

DIGEST = "3 1 1 " + 32 * "ab"


def bases(host: Host) -> list[str]:
    return [answer.question.name for answer in host.tlsa]


ALIAS = """
    mx.example.org.          CNAME  real.example.net.
    real.example.net.        A      192.0.2.1
"""


async def test_a_secure_alias_has_tlsa_at_its_end_first() -> None:
    world = FakeWorld.parse(ALIAS + f"_25._tcp.real.example.net. TLSA {DIGEST}\n_25._tcp.mx.example.org. TLSA {DIGEST}")
    host = await host_at("mx.example.org", world, port=25)
    assert (bases(host), host.alias) == (["_25._tcp.real.example.net"], None)


@pytest.mark.parametrize("status", ["; insecure", ""])
async def test_a_secure_alias_has_tlsa_at_its_own_name_then(status: str) -> None:
    expanded = f"_25._tcp.real.example.net. TLSA {DIGEST} {status}" if status else ""
    world = FakeWorld.parse(ALIAS + f"{expanded}\n_25._tcp.mx.example.org. TLSA {DIGEST}")
    host = await host_at("mx.example.org", world, port=25)
    assert bases(host) == ["_25._tcp.real.example.net", "_25._tcp.mx.example.org"]


async def test_a_failure_at_the_end_of_a_secure_alias_ends_the_search() -> None:
    world = FakeWorld.parse(ALIAS + f"_25._tcp.real.example.net. TLSA ; bogus\n_25._tcp.mx.example.org. TLSA {DIGEST}")
    host = await host_at("mx.example.org", world, port=25)
    assert [answer.status for answer in host.tlsa] == [Status.BOGUS]


async def test_an_alias_out_of_a_signed_zone_has_tlsa_at_its_own_name_alone() -> None:
    world = FakeWorld.parse(ALIAS + f"example.net. ZONE ; insecure\n_25._tcp.mx.example.org. TLSA {DIGEST}")
    host = await host_at("mx.example.org", world, port=25)
    assert host.alias is not None
    assert (host.alias.status, bases(host)) == (Status.SECURE, ["_25._tcp.mx.example.org"])


@pytest.mark.parametrize("status", ["insecure", "bogus"])
async def test_an_alias_that_is_not_signed_itself_has_no_tlsa(status: str) -> None:
    text = (
        "example.net. ZONE ; insecure\nmx.example.org. CNAME real.example.net. ; insecure\nreal.example.net. A 1.2.3.4"
    )
    world = FakeWorld.parse(text)
    if status == "bogus":
        world = Turned.parse(text)
    host = await host_at("mx.example.org", world, port=25)
    assert host.alias is not None
    assert (str(host.alias.status), host.tlsa) == (status, ())


class Turned(FakeWorld):
    """Between two questions, the CNAME went bad."""

    async def query(self, name: str, rdtype: str) -> Answer:
        if rdtype == "CNAME":
            self.fail(name, rdtype, status=Status.BOGUS)
        return await super().query(name, rdtype)


async def test_a_domain_that_is_an_alias_has_the_mx_of_its_target() -> None:
    world = FakeWorld.parse("example.org. CNAME example.net.\nexample.net. MX 5 mx.example.net.")
    found = await destination("example.org", world)
    assert (found.domain, found.kind, found.status) == ("example.org", Kind.MX, Status.SECURE)
    assert found.mx is not None
    assert (found.mx.name, [host.host for host in found.hosts]) == ("example.net", ["mx.example.net"])


@pytest.mark.parametrize("insecure", ["example.org", "example.net"])
async def test_a_domain_that_is_an_alias_is_secure_if_both_its_names_are(insecure: str) -> None:
    world = FakeWorld.parse("example.org. CNAME example.net.\nexample.net. MX 5 mx.example.com.")
    found = await destination("example.org", world.zone(insecure, Status.INSECURE))
    assert (found.kind, found.status) == (Kind.MX, Status.INSECURE)


async def test_a_domain_that_is_an_alias_without_mx_has_tlsa_at_both_names() -> None:
    world = FakeWorld.parse("example.org. CNAME example.net.\nexample.net. A 192.0.2.1")
    found = await destination("example.org", world)
    assert [(host.host, bases(host)) for host in found.hosts] == [
        ("example.org", ["_25._tcp.example.net", "_25._tcp.example.org"])
    ]
