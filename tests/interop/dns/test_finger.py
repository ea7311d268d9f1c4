"""What Postfix would make of the same hosts: ``posttls-finger`` and `connect_mx` agree on each mail domain."""

import pytest

from starttls.core.errors import NotOffered
from starttls.policy.errors import NoMail, NotAuthentic
from starttls.policy.sts import State
from starttls.tls.level import Level
from tests.interop.dns.mail.domains import DOMAINS
from tests.interop.dns.mail.finger import finger
from tests.interop.dns.mail.scene import Domain
from tests.interop.dns.mail.world import MailWorld

# Where it says another word than `_by_dane` and `_by_sts`, and why.
DANE_DIFFERS = {
    # It delivers nothing, so it tries no second host.
    "second.secure.test": "Untrusted",
    # Postfix's word for DANE where the MX records are not signed.
    "by-secure.plain.test": "Trusted",
}
STS_DIFFERS = {
    # A plug-in writes "*.plain.test" as "match=.plain.test", and Postfix takes any number of labels there.
    # RFC 8461 §4.1: one.
    "sts-deep.plain.test": "Verified",
}


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_dane(domain: Domain, mail_world: MailWorld) -> None:
    word, said = finger(mail_world, "dane", domain.name)
    assert word == DANE_DIFFERS.get(domain.name, _by_dane(domain)), said


@pytest.mark.parametrize(
    "domain",
    [one for one in DOMAINS if not one.tlsa and one.sts and (one.sts.mode, one.sts.state) == ("enforce", State.VALID)],
    ids=lambda domain: domain.name,
)
def test_mta_sts(domain: Domain, mail_world: MailWorld) -> None:
    """As a plug-in would have Postfix apply the policy: ``secure match=mx.example.org:.example.org``."""
    assert domain.sts is not None
    match = [pattern.format(mx=domain.host).removeprefix("*") for pattern in domain.sts.mx]
    word, said = finger(mail_world, "secure", domain.name, *match, ca_file=mail_world.ca_file)
    assert word == STS_DIFFERS.get(domain.name, _by_sts(domain)), said


def _by_dane(domain: Domain) -> str:
    if domain.ours in {NotOffered, NotAuthentic, NoMail}:
        return ""
    return "Verified" if domain.ours is Level.DANE else "Untrusted"


def _by_sts(domain: Domain) -> str:
    if domain.ours is NotOffered:
        return ""
    return "Verified" if domain.ours is Level.VERIFIED else "Untrusted"
