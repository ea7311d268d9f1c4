"""Cases about paths: what leads from the server's certificate to an authority, and what is wrong on the way."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.interop.dane.case import ALONE, HOST, MIDDLE, OTHER, ROOT, SERVED, Case
from tests.policy.paper import ANYTHING, CLIENT, SERVER, Paper, authority, issue, key_usage, named, record, server

__all__ = ["chains", "keys", "names", "purposes", "whole_life"]

OF_ROOT = (record(2, 1, 1, ROOT),)
BASIC = x509.BasicConstraints(ca=True, path_length=None)


def under(root: Paper, *below: Paper, ours: bool, name: str) -> Case:
    """The chain ``below``, root last, and a record for the root's key."""
    return Case(name=name, chain=(*below, root), records=(record(2, 1, 1, root),), ours=ours)


def chains() -> Iterator[Case]:
    """Which certificates are there, and how they hang together."""
    served, middle, root = SERVED, MIDDLE, ROOT
    forged = authority("middle", authority("root"))
    twin = authority("middle", authority("another root"), key=MIDDLE.key)
    for name, chain, owner, kind, ours in (
        ("root-not-sent", (served, middle), root, (2, 1, 1), False),
        ("root-not-sent-2-0-0", (served, middle), root, (2, 0, 0), True),
        ("root-not-sent-2-1-0", (served, middle), root, (2, 1, 0), True),
        ("middle-not-sent", (served, root), root, (2, 1, 1), False),
        ("middle-not-sent-2-0-0", (served,), middle, (2, 0, 0), True),
        ("middle-not-sent-2-1-0", (served,), middle, (2, 1, 0), True),
        ("wrong-key-2-1-0", (served,), root, (2, 1, 0), False),
        ("out-of-order", (served, root, middle), root, (2, 1, 1), True),
        ("strangers-between", (served, OTHER, middle, ALONE, root), root, (2, 1, 1), True),
        ("authority-of-nobody", (served, ALONE, middle, root), ALONE, (2, 1, 1), False),
        ("issuer-by-name-alone", (server(forged), forged, root), root, (2, 1, 1), False),
        ("cross-signed", (served, twin, middle, root), root, (2, 1, 1), True),
        ("self-signed-3-1-1", (ALONE,), ALONE, (3, 1, 1), True),
        ("self-signed-2-1-1", (ALONE,), ALONE, (2, 1, 1), False),
        ("self-signed-2-0-0", (ALONE,), ALONE, (2, 0, 0), False),
        ("self-signed-2-1-0", (ALONE,), ALONE, (2, 1, 0), True),
        ("self-signed-twice-2-1-1", (ALONE, ALONE), ALONE, (2, 1, 1), False),
    ):
        yield Case(name=name, chain=chain, records=(record(*kind, owner),), ours=ours)
    loop = authority("loop")
    back = authority("loop", authority("pool", loop), key=loop.key)
    yield Case(name="loop", chain=(server(back), back, authority("pool", back), ROOT), records=OF_ROOT, ours=False)
    yield from deep()


def deep() -> Iterator[Case]:
    """More certificates than anybody has."""
    for depth, ours in ((8, True), (9, False), (20, False)):
        below = [authority("0", ROOT)]
        for number in range(1, depth):
            below.insert(0, authority(str(number), below[0]))
        yield under(ROOT, server(below[0]), *below, ours=ours, name=f"{depth}-between")
    alike = [authority("alike") for _ in range(60)]
    yield under(alike[0], server(alike[0]), *alike[1:], ours=True, name="sixty-of-one-name")


def whole_life() -> Iterator[Case]:
    """Dates, which count where a path does, and only there."""
    late, early = (-10, -1), (1, 10)
    for word, days in (("expired", late), ("not-yet", early)):
        own, middle, root = server(ROOT, days=days), authority("middle", ROOT, days=days), authority("root", days=days)
        yield under(ROOT, own, ours=False, name=word)
        yield under(ROOT, server(middle), middle, ours=False, name=f"{word}-middle")
        yield under(root, server(root), ours=False, name=f"{word}-root")
        yield Case(name=f"{word}-3-1-1", chain=(own, ROOT), records=(record(3, 1, 1, own),), ours=True)
        given = (record(2, 1, 0, root),)
        yield Case(name=f"{word}-root-2-1-0", chain=(server(root),), records=given, ours=True)
        yield Case(name=f"{word}-root-2-1-0-and-sent", chain=(server(root), root), records=given, ours=False)
        given = (record(2, 0, 0, root),)
        yield Case(name=f"{word}-root-2-0-0", chain=(server(root),), records=given, ours=False)


def names() -> Iterator[Case]:
    """Names, and the constraints on them."""
    wrong = server(ROOT, names=("other.example.org",))
    yield Case(name="other-name-3-1-1", chain=(wrong, ROOT), records=(record(3, 1, 1, wrong),), ours=True)
    for name, own, ours in (
        ("other-name", wrong, False),
        ("several-names", server(ROOT, names=("other.example.org", HOST)), True),
        ("wildcard", server(ROOT, names=("*.example.org",)), True),
        ("wildcard-too-high", server(ROOT, names=("*.org",)), False),
        ("wildcard-deeper", server(ROOT, names=("*.mail.example.org",)), False),
        ("wildcard-in-a-label", server(ROOT, names=("m*.example.org",)), False),
        ("capitals", server(ROOT, names=("MAIL.Example.ORG",)), True),
        ("no-names", server(ROOT, names=()), False),
        ("common-name-alone", issue(HOST, ROOT), False),
        ("common-name-beside-another", issue(HOST, ROOT, x509.SubjectAlternativeName([x509.DNSName("a.org")])), False),
    ):
        yield under(ROOT, own, ours=ours, name=name)
    for name, allowed, excluded, ours in (
        ("allowed", "example.org", None, True),
        ("not-allowed", "example.com", None, False),
        ("excluded", None, "example.org", False),
        ("others-excluded", None, "example.com", True),
    ):
        given = [[x509.DNSName(one)] if one else None for one in (allowed, excluded)]
        root = authority("root", None, x509.NameConstraints(*given))
        yield under(root, server(root), ours=ours, name=f"names-{name}")
    root = authority("root", None, x509.NameConstraints([x509.DirectoryName(named("server"))], None))
    yield under(root, server(root), ours=False, name="names-of-a-directory")


def purposes() -> Iterator[Case]:
    """Who may issue, and for what."""
    none, one = authority("root", room=0), authority("root", room=1)
    middle, lower = authority("middle", none), authority("middle", one)
    yield under(none, server(none), ours=True, name="no-room-needed")
    yield under(none, server(middle), middle, ours=False, name="no-room")
    yield under(one, server(lower), lower, ours=True, name="room")
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    critical = (x509.UnrecognizedExtension, x509.CertificatePolicies)
    policy = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)])
    host = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    both = x509.ExtendedKeyUsage([CLIENT, SERVER])
    clients = x509.ExtendedKeyUsage([CLIENT])
    anything = x509.ExtendedKeyUsage([ANYTHING])
    own: tuple[tuple[str, tuple[x509.ExtensionType, ...], bool], ...] = (
        ("for-both", (both,), True),
        ("for-clients", (clients,), False),
        ("for-anything", (anything,), False),
        ("key-for-nothing-in-tls", (key_usage("crl_sign"),), False),
        ("server-is-an-authority", (BASIC,), True),
        ("server-critical-unknown", (unknown,), False),
        ("server-critical-policy", (policy,), False),
    )
    for name, extensions, ours in own:
        yield under(ROOT, issue("server", ROOT, host, *extensions, critical=critical), ours=ours, name=name)
    no_ca = x509.BasicConstraints(ca=False, path_length=None)
    above: tuple[tuple[str, tuple[x509.ExtensionType, ...], bool], ...] = (
        ("says-no", (no_ca,), False),
        ("says-nothing", (), False),
        ("says-only-key-usage", (key_usage("key_cert_sign"),), False),
        ("without-key-usage", (BASIC,), True),
        ("key-not-for-certificates", (BASIC, key_usage("crl_sign")), False),
        ("for-clients", (BASIC, clients), False),
        ("for-servers", (BASIC, both), True),
        ("for-anything", (BASIC, anything), True),
        ("critical-unknown", (BASIC, unknown), False),
        ("critical-policy", (BASIC, policy), False),
    )
    for name, extensions, ours in above:
        root = issue("root", None, *extensions, critical=critical)
        yield under(root, server(root), ours=ours, name=f"authority-{name}")
    bare = issue("root", None, BASIC, identifiers=False)
    yield under(bare, issue("server", bare, host, identifiers=False), ours=True, name="no-identifiers")


def keys() -> Iterator[Case]:
    """Keys and signatures."""
    for name, key, ours in (
        ("p384", ec.generate_private_key(ec.SECP384R1()), True),
        ("p521", ec.generate_private_key(ec.SECP521R1()), True),
        ("brainpool", ec.generate_private_key(ec.BrainpoolP256R1()), False),
        ("ed25519", ed25519.Ed25519PrivateKey.generate(), False),
        ("rsa2048", rsa.generate_private_key(65537, 2048), True),
        ("rsa1024", rsa.generate_private_key(65537, 1024), False),
    ):
        root = authority("root", key=key)
        yield under(root, server(root), ours=ours, name=f"authority-{name}")
        if ours or name == "ed25519":  # what TLS itself takes
            own = server(ROOT, key=key)
            yield Case(name=f"server-{name}-3-1-1", chain=(own, ROOT), records=(record(3, 1, 1, own),), ours=True)
            yield under(ROOT, own, ours=True, name=f"server-{name}")
    host = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    yield under(ROOT, issue("server", ROOT, host, digest=hashes.SHA512()), ours=True, name="signed-sha512")
    yield under(ROOT, issue("server", ROOT, host, digest=hashes.SHA224()), ours=False, name="signed-sha224")
