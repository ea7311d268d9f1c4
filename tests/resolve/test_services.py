import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import SRV, Status
from starttls.policy.destination import Kind
from starttls.protocols import ALL
from starttls.resolve.fake import FakeWorld
from starttls.resolve.services import TARGETS, Found, Service, Services, services


async def found(text: str | FakeWorld, domain: str = "example.org") -> Services:
    return await services(domain, FakeWorld.parse(text) if isinstance(text, str) else text)


def shown(service: Service) -> str:
    protocol = service.protocol
    scheme = protocol.implicit if service.implicit else protocol.name
    return f"{scheme}://{service.host}:{service.port}"


async def urls(text: str | FakeWorld) -> list[str]:
    return [shown(service) for service in (await found(text)).offered]


async def test_a_domain_with_everything() -> None:
    all_of_it = await found(
        """
        example.org.                     MX  10 mx.example.org.
        _submission._tcp.example.org.    SRV 0 1 587 smtp.example.net.
        _submissions._tcp.example.org.   SRV 0 1 465 smtp.example.net.
        _imap._tcp.example.org.          SRV 0 1 143 imap.example.net.
        _imaps._tcp.example.org.         SRV 0 1 993 imap.example.net.
        _pop3._tcp.example.org.          SRV 0 0 0   .
        _pop3s._tcp.example.org.         SRV 0 0 0   .
        _sieve._tcp.example.org.         SRV 0 1 4190 imap.example.net.
        _xmpp-client._tcp.example.org.   SRV 0 1 5222 xmpp.example.net.
        _xmpps-client._tcp.example.org.  SRV 0 1 443  xmpp.example.net.
        _xmpp-server._tcp.example.org.   SRV 0 1 5269 xmpp.example.net.
        _ldap._tcp.example.org.          SRV 0 1 389  ldap.example.net.
        pop3.example.org.                A   192.0.2.1
        imap.example.org.                A   192.0.2.1
        """
    )
    assert [shown(service) for service in all_of_it.offered] == [
        "smtp://mx.example.org:25",
        "submission://smtp.example.net:587",
        "submissions://smtp.example.net:465",
        "imap://imap.example.net:143",
        "imaps://imap.example.net:993",
        "managesieve://imap.example.net:4190",
        "xmpp://xmpp.example.net:5222",
        "xmpps://xmpp.example.net:443",
        "xmpp-server://xmpp.example.net:5269",
        "ldap://ldap.example.net:389",
    ]
    assert {service.found for service in all_of_it.offered} == {Found.MX, Found.SRV}
    assert (all_of_it.domain, all_of_it.mail.kind) == ("example.org", Kind.MX)
    assert all_of_it.refused == ("_pop3._tcp", "_pop3s._tcp")
    assert all_of_it.failed == ()


async def test_a_domain_without_srv_has_usual_names() -> None:
    text = "".join(
        f"{label}.example.org. A 192.0.2.1\n" for label in ("smtp", "mail", "imap", "pop", "sieve", "jabber", "ldap")
    )
    assert await urls("example.org. MX 0 .\n" + text) == [
        "submission://smtp.example.org:587",
        "submissions://smtp.example.org:465",
        "imap://imap.example.org:143",
        "imaps://imap.example.org:993",
        "pop3://pop.example.org:110",
        "pop3s://pop.example.org:995",
        "managesieve://sieve.example.org:4190",
        "xmpp://jabber.example.org:5222",
        "xmpp-server://jabber.example.org:5269",
        "ldap://ldap.example.org:389",
        "ldaps://ldap.example.org:636",
    ]


async def test_a_usual_name_counts_by_itself_and_of_xmpp_the_domain() -> None:
    offered = (await found("imap.example.org. AAAA 2001:db8::1\nxmpp.example.org. A 192.0.2.1")).offered
    names = {service.protocol.name: (service.found, service.status, service.names) for service in offered}
    assert names["imap"] == (Found.NAME, Status.SECURE, ("imap.example.org",))
    assert names["xmpp"] == names["xmpp-server"] == (Found.NAME, Status.SECURE, ("example.org",))


async def test_the_domain_itself_is_its_last_xmpp_server() -> None:
    assert await urls("example.org. A 192.0.2.1\nexample.org. MX 0 .") == [
        "xmpp://example.org:5222",
        "xmpp-server://example.org:5269",
    ]


async def test_a_usual_name_without_an_address_is_not_there() -> None:
    assert (
        await urls("mail.example.org. A ; bogus\nmail.example.org. TXT hello\nimap.example.org. MX 5 a.example.") == []
    )


@pytest.mark.parametrize(
    ("status", "names"),
    [(Status.SECURE, ("imap.example.net", "example.org")), (Status.INSECURE, ("example.org",))],
)
async def test_the_target_s_name_counts_if_dnssec_proves_it(status: Status, names: tuple[str, ...]) -> None:
    world = FakeWorld().add("_imaps._tcp.example.org", SRV(5, 7, 9993, "imap.example.net"), status=status)
    (service,) = (await found(world)).offered
    assert (service.names, service.status, service.priority, service.weight) == (names, status, 5, 7)


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
async def test_a_failed_lookup_is_told_and_nothing_is_guessed(status: Status) -> None:
    world = FakeWorld.parse("imap.example.org. A 192.0.2.1").fail("_imap._tcp.example.org", "SRV", status=status)
    all_of_it = await found(world)
    assert [answer.question.name for answer in all_of_it.failed] == ["_imap._tcp.example.org"]
    assert not [service for service in all_of_it.offered if service.protocol.name == "imap"]


async def test_one_failed_label_does_not_spoil_the_other() -> None:
    world = FakeWorld.parse(
        "_imaps._tcp.example.org. SRV 0 1 993 imap.example.net.\n_imap._tcp.example.org. SRV ; bogus"
    )
    all_of_it = await found(world)
    assert [shown(service) for service in all_of_it.offered] == ["imaps://imap.example.net:993"]
    assert len(all_of_it.failed) == 1


async def test_what_is_decidedly_not_there_is_not_guessed() -> None:
    world = "_imap._tcp.example.org. SRV 0 0 0 .\nimap.example.org. A 192.0.2.1"
    all_of_it = await found(world)
    assert (all_of_it.refused, [one for one in all_of_it.offered if one.protocol.name == "imap"]) == (
        ("_imap._tcp",),
        [],
    )


async def test_targets_come_by_priority_then_weight_each_once_and_not_without_end() -> None:
    world = FakeWorld.parse(
        """
        _ldap._tcp.example.org. SRV 20 9 389 c.example.org.
        _ldap._tcp.example.org. SRV 10 1 389 a.example.org.
        _ldap._tcp.example.org. SRV 10 5 389 b.example.org.
        _ldap._tcp.example.org. SRV 30 5 389 b.example.org.
        _ldap._tcp.example.org. SRV 0  0 0   .
        _ldap._tcp.example.org. SRV 0  0 389 192.0.2.1.
        """
    )
    expected = ["ldap://b.example.org:389", "ldap://a.example.org:389", "ldap://c.example.org:389"]
    assert await urls(world) == expected
    world = FakeWorld()
    for number in range(200):
        world.add("_ldap._tcp.example.org", SRV(1, 1, 1000 + number, "a.example.org"))
    assert len(await urls(world)) == TARGETS
    assert len(world.asked) < 100


@pytest.mark.parametrize("kind", ["example.org. MX 0 .", "example.org. MX ; bogus"])
async def test_without_mail_there_is_no_exchanger(kind: str) -> None:
    assert await urls(kind) == []


async def test_insecure_mx_is_told() -> None:
    (service,) = (await found("example.org. MX 7 mx.example.net. ; insecure")).offered
    assert (service.found, service.status, service.priority) == (Found.MX, Status.INSECURE, 7)
    assert service.names == ("mx.example.net",)


async def test_a_domain_is_read_as_people_write_it() -> None:
    assert (await found("", " B\u00fccher.Example. ")).domain == "xn--bcher-kva.example"


@pytest.mark.parametrize("domain", ["192.0.2.1", "[192.0.2.1]", "2001:db8::1", "", "a b", "[mail.example.org]", "a:25"])
async def test_what_is_no_domain(domain: str) -> None:
    with pytest.raises(Misuse):
        await found("", domain)


@pytest.mark.parametrize("protocol", [protocol for protocol in ALL if protocol.srv], ids=lambda protocol: protocol.name)
async def test_every_protocol_with_srv_labels_is_found_by_each_of_them(protocol: object) -> None:
    labels: tuple[str, ...] = protocol.srv  # type: ignore[attr-defined]
    for number, label in enumerate(labels):
        world = FakeWorld().add(f"{label}.example.org", SRV(0, 1, 1234, "host.example.net"))
        (service,) = (await found(world)).offered
        assert (service.protocol, service.implicit, service.port) == (protocol, number == 1, 1234)
