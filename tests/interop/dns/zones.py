"""All zones of the signed world, from the root down."""

from starttls.policy.answer import Status
from tests.interop.dns import harm
from tests.interop.dns.zone import Denial, Zone

__all__ = ["EACH_WAY", "ROOT", "TOP", "ZONES"]

_SECURE, _INSECURE, _BOGUS = Status.SECURE, Status.INSECURE, Status.BOGUS

ROOT = Zone(name=".", status=_SECURE, keys=("RSASHA256+",), records="ns.test. A {world}.53.1\n")
TOP = Zone(name="test", status=_SECURE, records="ns A {world}.53.1\n")

EACH_WAY: tuple[Zone, ...] = (
    Zone(name="nsec.test", status=_SECURE),
    Zone(name="nsec3.test", status=_SECURE, denial=Denial.NSEC3, keys=("RSASHA256+",)),
    # RFC 5155 §9.2: what may be there unsigned is not proven not to be there.
    Zone(name="optout.test", status=_SECURE, missing=_INSECURE, denial=Denial.OPT_OUT),
    Zone(name="unsigned.test", status=_INSECURE, keys=()),
)
"""One of each way to deny: what is asked of these is every name and every type."""

_ALGORITHMS: tuple[Zone, ...] = (
    Zone(name="rsasha1.test", status=_SECURE, keys=("RSASHA1",)),
    Zone(name="rsasha1-nsec3.test", status=_SECURE, keys=("NSEC3RSASHA1",), denial=Denial.NSEC3),
    Zone(name="rsasha256.test", status=_SECURE, keys=("RSASHA256",)),
    Zone(name="rsasha512.test", status=_SECURE, keys=("RSASHA512+",)),
    Zone(name="p256.test", status=_SECURE, keys=("ECDSAP256SHA256+",), denial=Denial.NSEC3),
    Zone(name="p384.test", status=_SECURE, keys=("ECDSAP384SHA384",)),
    Zone(name="ed25519.test", status=_SECURE, keys=("ED25519",)),
    Zone(name="ed448.test", status=_SECURE, keys=("ED448",)),
    Zone(name="two-algorithms.test", status=_SECURE, keys=("RSASHA256", "ECDSAP256SHA256")),
    # RFC 6840 §5.11: any chain that holds will do; that both algorithms are there is for the signer to see to.
    Zone(
        name="half-signed.test",
        status=_SECURE,
        keys=("RSASHA256", "ECDSAP256SHA256"),
        harm=harm.strip_algorithm(8),
    ),
    Zone(name="ds-sha1.test", status=_SECURE, digests=("SHA1",)),
    Zone(name="ds-sha384.test", status=_SECURE, digests=("SHA384",)),
    Zone(name="ds-each.test", status=_SECURE, digests=("SHA1", "SHA256", "SHA384")),
    Zone(name="ds-spare.test", status=_SECURE, entrust=harm.and_wrong_digest),
    Zone(name="ds-unknown-spare.test", status=_SECURE, entrust=harm.and_other_digest),
    # RFC 4035 §5.2: a DS of an algorithm that is not supported proves nothing, so the zone is as if not signed.
    Zone(name="unknown-algorithm.test", status=_INSECURE, harm=harm.of_algorithm(200)),
    Zone(name="unknown-digest.test", status=_INSECURE, entrust=harm.other_digest(200)),
)

_NSEC3: tuple[Zone, ...] = (
    Zone(name="salted.test", status=_SECURE, denial=Denial.NSEC3, salt="C0FFEE", iterations=10),
    # RFC 9276 §3.2: more than 100 iterations are as if not signed. Only what is denied is concerned.
    Zone(name="iterations.test", status=_SECURE, denied=_INSECURE, denial=Denial.NSEC3, salt="C0FFEE", iterations=150),
)

_DELEGATIONS: tuple[Zone, ...] = (
    Zone(name="island.test", status=_INSECURE, entrust=harm.no_delegation),
    Zone(name="child.nsec3.test", status=_SECURE, keys=("ED25519",)),
    Zone(name="child.optout.test", status=_SECURE, denial=Denial.NSEC3),
    Zone(name="unsigned.nsec3.test", status=_INSECURE, keys=()),
    Zone(name="unsigned.optout.test", status=_INSECURE, keys=()),
    Zone(name="child.unsigned.test", status=_INSECURE, keys=()),
    # Signed, with a DS, below a zone that is not: nothing leads to it.
    Zone(name="signed.unsigned.test", status=_INSECURE),
    # Two labels below its parent: no zone stands at deep.nsec.test.
    Zone(name="cut.deep.nsec.test", status=_SECURE),
    Zone(name="unsigned.deep.nsec3.test", status=_INSECURE, keys=()),
)

_BROKEN: tuple[Zone, ...] = (
    Zone(name="wrong-ds.test", status=_BOGUS, entrust=harm.wrong_digest),
    Zone(name="stripped.test", status=_BOGUS, harm=harm.strip()),
    Zone(name="not-signed.test", status=_BOGUS, harm=harm.drop("DNSKEY", "RRSIG", "NSEC")),
    Zone(name="half-stripped.test", status=_BOGUS, harm=harm.strip(but="DNSKEY")),
    Zone(name="no-keys.test", status=_BOGUS, harm=harm.drop("DNSKEY")),
    Zone(name="corrupt.test", status=_BOGUS, harm=harm.corrupt()),
    Zone(name="corrupt-keys.test", status=_BOGUS, harm=harm.corrupt("DNSKEY")),
    Zone(name="expired.test", status=_BOGUS, signed=(-30, -3)),
    Zone(name="expired-nsec3.test", status=_BOGUS, signed=(-30, -3), denial=Denial.NSEC3, keys=("RSASHA256",)),
    Zone(name="not-yet.test", status=_BOGUS, signed=(3, 30)),
    Zone(name="no-proof.test", status=_SECURE, denied=_BOGUS, harm=harm.drop("NSEC")),
    Zone(
        name="no-proof-nsec3.test",
        status=_SECURE,
        denied=_BOGUS,
        denial=Denial.NSEC3,
        harm=harm.drop("NSEC3", "NSEC3PARAM"),
    ),
    Zone(name="forged.test", status=_BOGUS, denied=_SECURE, harm=harm.corrupt_data),
    # The parent cannot prove that its child is not signed.
    Zone(name="unsigned.no-proof.test", status=_BOGUS, keys=()),
    Zone(name="child.corrupt.test", status=_BOGUS),
)

ZONES: tuple[Zone, ...] = (ROOT, TOP, *EACH_WAY, *_ALGORITHMS, *_NSEC3, *_DELEGATIONS, *_BROKEN)
