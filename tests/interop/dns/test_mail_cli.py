"""``starttls check`` and ``starttls policy`` of the same mail domains."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from starttls.cli.main import run
from starttls.cli.voice import Exit
from starttls.core.errors import CertificateRejected
from starttls.policy.errors import DaneNoMatch, NoMail, NotAuthentic, StsMxMismatch
from starttls.tls.level import Level
from tests.interop.dns.mail.domains import DOMAINS
from tests.interop.dns.mail.scene import Domain
from tests.interop.dns.mail.world import MailWorld

each_domain = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)

# `connect_mx` takes the second host; but the first one is broken, and they say so.
HALF_BROKEN = {"second.secure.test", "lost.secure.test"}
ONE_HOST = [domain for domain in DOMAINS if domain.name not in HALF_BROKEN and domain.ours is not NoMail]
# What these publish leaves an attacker nothing, whether or not their hosts keep to it.
PROMISED = {Level.DANE, Level.VERIFIED, DaneNoMatch, CertificateRejected, StsMxMismatch, NoMail}
# DANE, but MX records that anybody on the path can have written; and a host that is lost.
OPEN = {"by-secure.plain.test", "lost.secure.test"}


@pytest.fixture
def cli(mail_world: MailWorld, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Runs a command line, and reads what it prints as JSON."""
    options = ["--resolver", mail_world.dns.validating, "--dnssec", "validate", "--format", "json"]
    options += ["--trust-anchor", str(mail_world.dns.anchors), "--ca-file", str(mail_world.ca_file)]

    def invoke(verb: str, *arguments: str) -> tuple[int, Any]:
        code = run([verb, *options, *arguments])
        return code, json.loads(capsys.readouterr().out)

    return invoke


@each_domain
def test_check(domain: Domain, cli: Callable[..., tuple[int, Any]]) -> None:
    code, document = cli("check", "--policy", "opportunistic", domain.name)
    if domain.ours is NoMail:
        assert code == Exit.COULD_NOT_TELL
    elif not isinstance(domain.ours, Level) or domain.name in HALF_BROKEN:
        assert code == Exit.FELL_SHORT
    else:
        assert code == Exit.VERIFIED
        assert [target["level"] for target in document["targets"]] == [domain.ours]


@each_domain
def test_policy(domain: Domain, cli: Callable[..., tuple[int, Any]]) -> None:
    code, document = cli("policy", domain.name)
    if domain.ours is NotAuthentic:
        assert (code, document["downgradable"]) == (Exit.FELL_SHORT, None)
    elif domain.ours in PROMISED and domain.name not in OPEN:
        assert (code, document["downgradable"]) == (Exit.VERIFIED, False)
    elif isinstance(domain.ours, Level):
        assert code == Exit.FELL_SHORT
        assert document["downgradable"] is not False


@pytest.mark.parametrize("domain", ONE_HOST, ids=lambda domain: domain.name)
def test_policy_live(domain: Domain, cli: Callable[..., tuple[int, Any]]) -> None:
    """Each promise is kept, or it is said why not."""
    _, document = cli("policy", "--live", "--sender", "none", domain.name)
    kept = isinstance(domain.ours, Level)
    for host in document["mx"]:
        assert host["live"]["met"] is kept
        assert host["live"]["level"] == (domain.ours if kept else "none")
        assert bool(host["live"]["error"]) is not kept
