"""What a made-up DNS says of a real server on loopback, and what then has to come of a connection.

Both runtimes' tests walk the same tables. The server's certificate is for ``mx.example.org`` and ``imap.example.org``,
by an authority that nobody knows unless it is named.
"""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from starttls.core.errors import StartTLSError
from starttls.resolve.fake import FakeWorld
from starttls.resolve.route import ClientOptions
from starttls.tls.plan import Timeouts
from tests.asyncio.peers import GREETING, honest, says, scripted

QUICK = Timeouts(connect=3, wait=3, handshake=3, whole=8)
NAMES = ("mx.example.org", "imap.example.org", "example.org")
POLICY = "version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 86400\n"
OTHER = "3 1 1 " + 32 * "ab"


@dataclass(frozen=True)
class Server:
    """A server's certificate and key, its authority, and what may be published of them."""

    ca: Path
    pem: Path
    records: Mapping[str, str]


def make(folder: Path) -> Server:
    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = ca.issue_cert(*NAMES, key_type=trustme.KeyType.ECDSA)
    server = Server(folder / "policy-ca.pem", folder / "policy-server.pem", {})
    ca.cert_pem.write_to_path(server.ca)
    whole = leaf.private_key_and_cert_chain_pem.bytes() + ca.cert_pem.bytes()
    server.pem.write_bytes(whole)
    certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    authority = x509.load_pem_x509_certificate(ca.cert_pem.bytes()).public_bytes(Encoding.DER)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    records = {
        "own": f"3 1 1 {hashlib.sha256(key).hexdigest()}",
        "ta": f"2 0 1 {hashlib.sha256(authority).hexdigest()}",
        "pkix": f"1 1 1 {hashlib.sha256(key).hexdigest()}",
        "other": OTHER,
    }
    return Server(server.ca, server.pem, records)


def serving(server: Server, kind: str, failures: list[StartTLSError], scheme: str) -> AbstractAsyncContextManager[int]:
    """The server itself, or somebody on the path who takes STARTTLS out of its offer."""
    if kind == "stripped":
        return scripted(says(GREETING, b"250 mx.example.org\r\n", b"250 again\r\n"))
    return honest(scheme, server.pem, failures=failures)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the DNS says (with ``{port}``, ``{own}``, ...), and what comes of it: a level, or an error's class."""

    dns: str
    policy: str
    comes: str
    words: str = ""
    server: str = "honest"
    fallback: bool = False
    trusts: bool = False
    """Is the server's authority among those that are trusted?"""
    sts: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    """Which host it has to be in the end."""

    def world(self, port: int, server: Server) -> FakeWorld:
        world = FakeWorld.parse(self.dns.format(port=port, **server.records))
        for domain, policy in self.sts.items():
            world.policy(domain, policy)
        return world

    def options(self, world: FakeWorld, server: Server) -> ClientOptions:
        options = ClientOptions(resolver=world, fetcher=world, timeouts=QUICK)
        if self.policy:
            options["policy"] = self.policy  # type: ignore[typeddict-item]
        if self.fallback:
            options["fallback"] = "plaintext"
        if self.trusts:
            options["ca_file"] = server.ca
        return options


A = "mx.example.org. A 127.0.0.1\n"
TLSA = A + "_{port}._tcp.mx.example.org. TLSA "
STS = A + '_mta-sts.mx.example.org. TXT "v=STSv1; id=1"\n'
ENFORCED = {"mx.example.org": POLICY.format(mode="enforce", mx="mx.example.org")}

URL: dict[str, Case] = {
    "dane": Case(dns=TLSA + "{own}", policy="dane", comes="dane"),
    "dane by the authority": Case(dns=TLSA + "{ta}", policy="dane", comes="dane"),
    "dane by an alias": Case(
        dns="mx.example.org. CNAME imap.example.org.\nimap.example.org. A 127.0.0.1\n"
        "_{port}._tcp.imap.example.org. TLSA {ta}",
        policy="dane",
        comes="dane",
    ),
    "dane, another certificate": Case(
        dns=TLSA + "{other}",
        policy="dane",
        comes="DaneNoMatch",
        words="the certificate matches not the one TLSA record",
    ),
    "dane, nothing published": Case(
        dns=A, policy="dane", comes="DaneRequired", words="mx.example.org publishes no TLSA records that are signed"
    ),
    "dane, not signed": Case(
        dns=TLSA + "{own}\nmx.example.org. ZONE ; insecure\nmx.example.org. A 127.0.0.1 ; insecure",
        policy="dane",
        comes="DaneRequired",
        words="mx.example.org has no addresses that are signed",
    ),
    "dane, nothing that can be used": Case(
        dns=TLSA + "{pkix}", policy="dane", comes="DaneRequired", words="no TLSA records that can be used"
    ),
    "dane, forged": Case(dns=TLSA + "; bogus", policy="dane", comes="NotAuthentic", words="TLSA is bogus"),
    "dane, withheld": Case(dns=TLSA + "; indeterminate", policy="dane", comes="NotAuthentic", words="indeterminate"),
    "dane, addresses forged": Case(dns="mx.example.org. A ; bogus", policy="dane", comes="NotAuthentic"),
    "dane, stripped": Case(dns=TLSA + "{own}", policy="dane", comes="NotOffered", server="stripped"),
    "dane, no such name": Case(dns="example.org. A 127.0.0.1", policy="dane", comes="CannotResolve"),
    "the best is dane": Case(dns=TLSA + "{own}", policy="opportunistic", comes="dane"),
    "dane is never rescued": Case(
        dns=TLSA + "{other}\n" + STS, policy="opportunistic", comes="DaneNoMatch", sts=ENFORCED, trusts=True
    ),
    "a failure is not less": Case(dns=TLSA + "; bogus", policy="opportunistic", comes="NotAuthentic"),
    "nor is one withheld": Case(
        dns=TLSA + "; indeterminate\n" + STS, policy="opportunistic", comes="NotAuthentic", sts=ENFORCED, trusts=True
    ),
    "dane, stripped, with fallback": Case(
        dns=TLSA + "{own}", policy="opportunistic", comes="NotOffered", server="stripped", fallback=True
    ),
    "unusable is encrypted": Case(dns=TLSA + "{pkix}", policy="opportunistic", comes="encrypted"),
    "unusable is never plaintext": Case(
        dns=TLSA + "{pkix}", policy="opportunistic", comes="NotOffered", server="stripped", fallback=True
    ),
    "the best is MTA-STS": Case(dns=STS, policy="opportunistic", comes="verified", sts=ENFORCED, trusts=True),
    "MTA-STS, a stranger": Case(dns=STS, policy="opportunistic", comes="CertificateRejected", sts=ENFORCED),
    "MTA-STS is never plaintext": Case(
        dns=STS, policy="opportunistic", comes="NotOffered", sts=ENFORCED, server="stripped", fallback=True
    ),
    "MTA-STS, another host": Case(
        dns=STS,
        policy="opportunistic",
        comes="StsMxMismatch",
        sts={"mx.example.org": POLICY.format(mode="enforce", mx="mx2.example.org")},
    ),
    "MTA-STS that is tested": Case(
        dns=STS,
        policy="opportunistic",
        comes="encrypted",
        sts={"mx.example.org": POLICY.format(mode="testing", mx="mx.example.org")},
    ),
    "nothing to prove": Case(dns=A, policy="opportunistic", comes="encrypted"),
    "nothing to prove, stripped": Case(dns=A, policy="opportunistic", comes="NotOffered", server="stripped"),
    "plaintext, by name": Case(dns=A, policy="opportunistic", comes="none", server="stripped", fallback=True),
}
"""Of ``smtp://mx.example.org``."""

DOMAIN = "example.org. MX 10 mx.example.org.\n"
TWO = DOMAIN + "example.org. MX 20 imap.example.org.\nimap.example.org. A 127.0.0.1\n"
TWO_TLSA = TWO + "_{port}._tcp.imap.example.org. TLSA {own}\n"
HALF = "example.org. MX 10 mx.example.org. ; insecure\n" + TLSA
DOMAIN_STS = '_mta-sts.example.org. TXT "v=STSv1; id=1"\n'
DOMAIN_ENFORCED = {"example.org": POLICY.format(mode="enforce", mx="*.example.org")}

MX: dict[str, Case] = {
    "dane": Case(dns=DOMAIN + TLSA + "{own}", policy="", comes="dane", host="mx.example.org"),
    "dane, for the domain's name": Case(dns=DOMAIN + TLSA + "{ta}", policy="", comes="dane"),
    "without MX": Case(
        dns="example.org. A 127.0.0.1\n_{port}._tcp.example.org. TLSA {ta}", policy="", comes="dane", host="example.org"
    ),
    "half of dane": Case(dns=HALF + "{own}", policy="", comes="dane"),
    "half of dane is not dane": Case(
        dns=HALF + "{own}",
        policy="dane",
        comes="NoUsableMX",
        words="DANE is required, but mx.example.org is named by an answer that is not signed",
    ),
    "without MX, which is not signed": Case(
        dns="example.org. MX ; insecure\nexample.org. A 127.0.0.1\n_{port}._tcp.example.org. TLSA {own}",
        policy="dane",
        comes="NoUsableMX",
        words="example.org is named by an answer that is not signed",
    ),
    "the first is not there": Case(
        dns=TWO_TLSA + "mx.example.org. A 127.0.0.9", policy="", comes="dane", host="imap.example.org"
    ),
    "the first has no address": Case(dns=TWO_TLSA, policy="", comes="dane", host="imap.example.org"),
    "the first is an impostor": Case(dns=TWO + TLSA + "{other}", policy="", comes="encrypted", host="imap.example.org"),
    "of the first it cannot be told": Case(
        dns=TWO + TLSA + "; indeterminate", policy="", comes="encrypted", host="imap.example.org"
    ),
    "each under its own": Case(dns=TWO_TLSA + TLSA + "{other}", policy="dane", comes="dane", host="imap.example.org"),
    "dane of all": Case(
        dns=TWO + A, policy="dane", comes="NoUsableMX", words="DANE is required, but imap.example.org publishes no TLSA"
    ),
    "all failed": Case(
        dns=DOMAIN + TLSA + "{other}",
        policy="",
        comes="NoUsableMX",
        words="mx.example.org: smtp: DANE: the certificate",
    ),
    "takes no mail": Case(dns="example.org. MX 0 .", policy="", comes="NoMail", words="a null MX"),
    "is not there": Case(dns="example.net. A 127.0.0.1", policy="", comes="NoMail", words="does not exist"),
    "forged": Case(dns="example.org. MX ; bogus", policy="", comes="NotAuthentic", words="example.org MX is bogus"),
    "withheld": Case(dns="example.org. MX ; indeterminate", policy="", comes="NotAuthentic"),
    "MTA-STS": Case(dns=DOMAIN + A + DOMAIN_STS, policy="", comes="verified", sts=DOMAIN_ENFORCED, trusts=True),
    "MTA-STS, a stranger": Case(
        dns=DOMAIN + A + DOMAIN_STS,
        policy="",
        comes="NoUsableMX",
        sts=DOMAIN_ENFORCED,
        words="certificate rejected: the chain ends in a self-signed certificate",
    ),
    "MTA-STS, another host": Case(
        dns=DOMAIN + A + DOMAIN_STS,
        policy="",
        comes="NoUsableMX",
        sts={"example.org": POLICY.format(mode="enforce", mx="mx.example.net")},
        words="mx.example.org is not among the policy's mx",
    ),
    "nothing to prove": Case(dns=DOMAIN + A, policy="", comes="encrypted"),
    "stripped": Case(dns=DOMAIN + A, policy="", comes="NoUsableMX", server="stripped", words="STARTTLS is not offered"),
    "plaintext, by name": Case(dns=DOMAIN + A, policy="", comes="none", server="stripped", fallback=True),
    "verified for the host": Case(dns=DOMAIN + A, policy="verify", comes="verified", trusts=True),
    "encrypted": Case(dns=DOMAIN + TLSA + "{other}", policy="encrypt", comes="encrypted"),
}
"""Of the domain ``example.org``."""

IMAP = "imap.example.org. A 127.0.0.1\n"
SRV = "_imap._tcp.example.org. SRV 0 1 {port} imap.example.org.\n" + IMAP
SRV_TLSA = SRV + "_{port}._tcp.imap.example.org. TLSA "
GONE = "_imaps._tcp.example.org. SRV 0 0 0 .\n"

SERVICE: dict[str, Case] = {
    "verified": Case(dns=SRV, policy="", comes="verified", trusts=True, host="imap.example.org"),
    "a stranger": Case(dns=SRV, policy="", comes="CertificateRejected"),
    "another domain": Case(
        dns=(SRV.replace("example.org. SRV", "example.net. SRV") + "example.net. ZONE ; insecure"),
        policy="",
        comes="CertificateRejected",
        trusts=True,
        words="not example.net",
        host="example.net",
    ),
    "another domain, signed": Case(
        dns=SRV.replace("example.org. SRV", "example.net. SRV"),
        policy="",
        comes="verified",
        trusts=True,
        host="example.net",
    ),
    "dane": Case(dns=SRV_TLSA + "{own}", policy="dane", comes="dane"),
    "dane, by the authority": Case(dns=SRV_TLSA + "{ta}", policy="opportunistic", comes="dane"),
    "dane and a public authority": Case(dns=SRV_TLSA + "{pkix}", policy="dane", comes="dane", trusts=True),
    "dane and none": Case(dns=SRV_TLSA + "{pkix}", policy="dane", comes="DaneNoMatch"),
    "dane, another certificate": Case(dns=SRV_TLSA + "{other}", policy="opportunistic", comes="DaneNoMatch"),
    "dane, but the way is not signed": Case(
        dns="_imap._tcp.example.org. SRV 0 1 {port} imap.example.org. ; insecure\n"
        + IMAP
        + "_{port}._tcp.imap.example.org. TLSA {own}",
        policy="dane",
        comes="DaneRequired",
    ),
    "the way is not signed": Case(
        dns="_imap._tcp.example.org. SRV 0 1 {port} imap.example.org. ; insecure\n"
        + IMAP
        + "_{port}._tcp.imap.example.org. TLSA {other}",
        policy="opportunistic",
        comes="encrypted",
    ),
    "the first is not there": Case(
        dns=SRV_TLSA + "{own}\n_imaps._tcp.example.org. SRV 0 1 {port} mx.example.org.\nmx.example.org. A 127.0.0.9",
        policy="dane",
        comes="dane",
        host="imap.example.org",
    ),
    "nothing": Case(dns=IMAP, policy="", comes="NoService", words="no SRV record names it"),
    "decidedly nothing": Case(
        dns="_imap._tcp.example.org. SRV 0 0 0 .\n" + GONE,
        policy="",
        comes="NoService",
        words="says that it is not there",
    ),
    "forged": Case(dns="_imap._tcp.example.org. SRV ; bogus\n" + GONE, policy="", comes="NotAuthentic"),
}
"""Of IMAP at ``example.org``; ``host`` may also name another domain."""
