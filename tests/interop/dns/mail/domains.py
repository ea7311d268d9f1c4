"""The mail domains, each with what it is worth: to `connect_mx`, and so to a careful sender."""

from starttls.core.errors import CertificateRejected, NotOffered
from starttls.policy.errors import DaneNoMatch, NoMail, NotAuthentic, StsMxMismatch
from starttls.policy.sts import State
from starttls.tls.level import Level
from tests.interop.dns.mail.scene import Domain, Sts

__all__ = ["BOGUS", "DOMAINS", "PLAIN", "SECURE", "TORN"]

SECURE, PLAIN, BOGUS, TORN = "secure.test", "plain.test", "bogus.test", "torn.test"
"""Zones: signed; not signed; forged; and one of which only the TLSA records are forged."""

_LOST = State.UNREACHABLE

_DANE: tuple[Domain, ...] = (
    Domain(name="ee.secure.test", ours=Level.DANE, tlsa=("3 1 1 leaf",)),
    Domain(name="ee-full.secure.test", ours=Level.DANE, tlsa=("3 0 0 leaf",)),
    Domain(name="ee-key.secure.test", ours=Level.DANE, tlsa=("3 1 0 leaf",)),
    Domain(name="ee-sha512.secure.test", ours=Level.DANE, tlsa=("3 1 2 leaf",)),
    Domain(name="ee-cert.secure.test", ours=Level.DANE, tlsa=("3 0 1 leaf",)),
    # RFC 7672 §3.1.1: neither the name nor the dates count.
    Domain(
        name="ee-expired.secure.test", ours=Level.DANE, tlsa=("3 1 1 leaf",), expired=True, names=("elsewhere.invalid",)
    ),
    Domain(name="ee-wrong.secure.test", ours=DaneNoMatch, tlsa=("3 1 1 nobody",)),
    Domain(name="rollover.secure.test", ours=Level.DANE, tlsa=("3 1 1 nobody", "3 1 1 leaf")),
    # RFC 7671 §9: of one usage and selector, the stronger digest alone counts.
    Domain(name="agile.secure.test", ours=DaneNoMatch, tlsa=("3 1 1 leaf", "3 1 2 nobody")),
    Domain(name="ta.secure.test", ours=Level.DANE, tlsa=("2 1 1 issuer",)),
    Domain(name="ta-cert.secure.test", ours=Level.DANE, tlsa=("2 0 2 issuer",)),
    # RFC 7672 §3.2.3: the next-hop domain is a name as well.
    Domain(name="ta-domain.secure.test", ours=Level.DANE, tlsa=("2 1 1 issuer",), names=("{domain}",)),
    Domain(name="ta-name.secure.test", ours=DaneNoMatch, tlsa=("2 1 1 issuer",), names=("elsewhere.invalid",)),
    Domain(name="ta-expired.secure.test", ours=DaneNoMatch, tlsa=("2 1 1 issuer",), expired=True),
    Domain(name="ta-wrong.secure.test", ours=DaneNoMatch, tlsa=("2 1 1 nobody",)),
    # RFC 7672 §3.1.2: a trust anchor that is not sent has to be in the record.
    Domain(name="ta-not-sent.secure.test", ours=DaneNoMatch, tlsa=("2 0 1 root",)),
    Domain(name="ta-full.secure.test", ours=Level.DANE, tlsa=("2 0 0 root",)),
    Domain(name="ta-key.secure.test", ours=Level.DANE, tlsa=("2 1 0 root",)),
    Domain(name="either.secure.test", ours=Level.DANE, tlsa=("3 1 1 nobody", "2 1 1 issuer")),
    # RFC 7672 §3.1.3: with no record that can be used, TLS is still demanded.
    Domain(name="unusable.secure.test", ours=Level.ENCRYPTED, tlsa=("1 0 1 leaf",)),
    Domain(name="unusable-no-tls.secure.test", ours=NotOffered, tlsa=("0 0 1 root",), starttls=False),
    Domain(name="no-tls.secure.test", ours=NotOffered, tlsa=("3 1 1 leaf",), starttls=False),
    Domain(name="none.secure.test", ours=Level.ENCRYPTED),
    Domain(name="alias.secure.test", ours=Level.DANE, alias="mx.ee.secure.test"),
    Domain(name="implicit.secure.test", ours=Level.DANE, tlsa=("3 1 1 leaf",), implicit=True, names=("{domain}",)),
    Domain(name="null.secure.test", ours=NoMail, mx=("0 .",)),
    Domain(name="second.secure.test", ours=Level.DANE, mx=("10 mx.ee-wrong.secure.test.", "20 mx.ta.secure.test.")),
    Domain(name="lost.secure.test", ours=Level.DANE, mx=("10 mx.mail.bogus.test.", "20 mx.ee.secure.test.")),
    Domain(name="mail.bogus.test", ours=NotAuthentic, tlsa=("3 1 1 leaf",)),
    Domain(name="by-bogus.secure.test", ours=NotAuthentic, mx=("10 mx.mail.bogus.test.",)),
    # RFC 7672 §2.1.2: records that cannot be had are no reason to go without.
    Domain(name="mail.torn.test", ours=NotAuthentic, tlsa=("3 1 1 leaf",)),
    Domain(name="exim-ee.secure.test", ours=Level.DANE, tlsa=("3 1 1 leaf",), exim=True),
    Domain(name="exim-ta.secure.test", ours=Level.DANE, tlsa=("2 1 1 issuer",), exim=True),
    Domain(name="exim-wrong.secure.test", ours=DaneNoMatch, tlsa=("3 1 1 nobody",), exim=True),
    Domain(name="by-secure.plain.test", ours=Level.DANE, mx=("10 mx.ee.secure.test.",)),
    # Not signed: whoever is on the path can write such a record as well.
    Domain(name="unsigned.plain.test", ours=Level.ENCRYPTED, tlsa=("3 1 1 leaf",)),
)

_STS: tuple[Domain, ...] = (
    Domain(name="none.plain.test", ours=Level.ENCRYPTED),
    Domain(name="sts.plain.test", ours=Level.VERIFIED, sts=Sts()),
    Domain(name="sts-exim.plain.test", ours=Level.VERIFIED, sts=Sts(), exim=True),
    Domain(name="sts-star.plain.test", ours=Level.VERIFIED, sts=Sts(mx=("*.sts-star.plain.test",))),
    Domain(name="sts-other.plain.test", ours=StsMxMismatch, sts=Sts(mx=("mx.elsewhere.invalid",))),
    Domain(name="sts-deep.plain.test", ours=StsMxMismatch, sts=Sts(mx=("*.plain.test",))),
    Domain(name="sts-name.plain.test", ours=CertificateRejected, sts=Sts(), names=("elsewhere.invalid",)),
    Domain(name="sts-domain.plain.test", ours=CertificateRejected, sts=Sts(), names=("{domain}",)),
    Domain(name="sts-wild.plain.test", ours=Level.VERIFIED, sts=Sts(), names=("*.{domain}",)),
    Domain(name="sts-expired.plain.test", ours=CertificateRejected, sts=Sts(), expired=True),
    Domain(name="sts-unknown.plain.test", ours=CertificateRejected, sts=Sts(), unknown=True),
    Domain(name="sts-no-tls.plain.test", ours=NotOffered, sts=Sts(), starttls=False),
    Domain(name="sts-testing.plain.test", ours=Level.ENCRYPTED, sts=Sts(mode="testing"), unknown=True),
    Domain(name="sts-off.plain.test", ours=Level.ENCRYPTED, sts=Sts(mode="none"), unknown=True),
    # RFC 8461 §5.1: a policy that was never had is as none.
    Domain(
        name="sts-gone.plain.test",
        ours=Level.ENCRYPTED,
        sts=Sts(web="return 404", state=_LOST, error="404"),
        unknown=True,
    ),
    Domain(
        name="sts-moved.plain.test",
        ours=Level.ENCRYPTED,
        sts=Sts(
            web="return 301 https://mta-sts.sts.plain.test/.well-known/mta-sts.txt",
            state=_LOST,
            error="301",
        ),
        unknown=True,
    ),
    Domain(
        name="sts-html.plain.test",
        ours=Level.ENCRYPTED,
        sts=Sts(web="default_type text/html", state=_LOST, error="text/html"),
        unknown=True,
    ),
    Domain(
        name="sts-web.plain.test",
        ours=Level.ENCRYPTED,
        sts=Sts(certified=False, state=_LOST, error="www.elsewhere.invalid"),
        unknown=True,
    ),
    Domain(name="both.secure.test", ours=Level.DANE, tlsa=("3 1 1 leaf",), sts=Sts(), unknown=True),
    # RFC 8461 §2: MTA-STS does not rescue a DANE that fails.
    Domain(name="both-wrong.secure.test", ours=DaneNoMatch, tlsa=("3 1 1 nobody",), sts=Sts()),
    Domain(name="both-torn.torn.test", ours=NotAuthentic, tlsa=("3 1 1 leaf",), sts=Sts()),
)

DOMAINS = (*_DANE, *_STS)
