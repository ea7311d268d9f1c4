"""Cases about records: each kind, those that cannot be used, and several at once."""

from collections.abc import Iterator

from starttls.policy.answer import TLSA
from tests.interop.dane.case import CHAIN, MIDDLE, OTHER, ROOT, SERVED, Case
from tests.policy.paper import record

__all__ = ["each_kind", "of_the_wrong_one", "several", "unusable"]

TRIPLES = [(usage, selector, mtype) for usage in range(4) for selector in range(2) for mtype in range(3)]


def each_kind() -> Iterator[Case]:
    for usage, selector, mtype in TRIPLES:
        kind = (usage, selector, mtype)
        owners = {"root": ROOT, "middle": MIDDLE} if usage in {0, 2} else {"server": SERVED}
        for who, paper in owners.items():
            name = f"{usage}-{selector}-{mtype}-{who}"
            yield Case(name=name, chain=CHAIN, records=(record(*kind, paper),), ours=True, roots=(ROOT,))
        wrong = (record(*kind, OTHER),)
        yield Case(name=f"{usage}-{selector}-{mtype}-of-another", chain=CHAIN, records=wrong, ours=False, roots=(ROOT,))


def of_the_wrong_one() -> Iterator[Case]:
    for usage in (0, 2):
        mine = (record(usage, 1, 1, SERVED),)
        yield Case(name=f"{usage}-1-1-of-the-server", chain=CHAIN, records=mine, ours=False, roots=(ROOT,))
    for usage in (1, 3):
        above = (record(usage, 1, 1, MIDDLE),)
        yield Case(name=f"{usage}-1-1-of-an-authority", chain=CHAIN, records=above, ours=False, roots=(ROOT,))
    for usage, paper in ((0, MIDDLE), (1, SERVED)):
        mine = (record(usage, 1, 1, paper),)
        yield Case(name=f"{usage}-1-1-no-public-root", chain=CHAIN, records=mine, ours=False, roots=(OTHER,))


def unusable() -> Iterator[Case]:
    whole, key = record(3, 0, 0, SERVED).data, record(3, 1, 0, SERVED).data
    for name, bad in {
        "short-digest": TLSA(3, 1, 1, record(3, 1, 1, SERVED).data[:31]),
        "long-digest": TLSA(3, 1, 1, record(3, 1, 1, SERVED).data + b"\0"),
        "sha256-as-sha512": TLSA(3, 1, 2, record(3, 1, 1, SERVED).data),
        "sha1": TLSA(3, 1, 1, bytes(20)),
        "empty": TLSA(3, 1, 1, b""),
        "nothing-whole": TLSA(3, 0, 0, b""),
        "private-usage": TLSA(255, 1, 1, record(3, 1, 1, SERVED).data),
        "private-selector": TLSA(3, 255, 1, record(3, 1, 1, SERVED).data),
        "private-mtype": TLSA(3, 1, 255, record(3, 1, 1, SERVED).data),
        "unknown-usage": TLSA(4, 1, 1, record(3, 1, 1, SERVED).data),
        "unknown-mtype": TLSA(3, 1, 3, record(3, 1, 1, SERVED).data),
        "key-as-certificate": TLSA(3, 0, 0, key),
        "certificate-as-key": TLSA(3, 1, 0, whole),
        "cut-certificate": TLSA(3, 0, 0, whole[:-1]),
        "certificate-and-more": TLSA(3, 0, 0, whole + b"\0"),
        "key-and-more": TLSA(3, 1, 0, key + b"\0"),
    }.items():
        yield Case(name=f"unusable-{name}", chain=CHAIN, records=(bad,), ours=False)
        good = record(3, 1, 1, SERVED)
        yield Case(name=f"unusable-{name}-beside-a-good-one", chain=CHAIN, records=(bad, good), ours=True)


def several() -> Iterator[Case]:
    old, new = record(3, 1, 1, OTHER), record(3, 1, 1, SERVED)
    weak, strong, false = record(3, 1, 1, SERVED), record(3, 1, 2, SERVED), record(3, 1, 2, OTHER)
    for name, records, ours in (
        ("rollover", (old, new), True),
        ("own-or-authority-first", (old, record(2, 1, 1, ROOT)), True),
        ("own-or-authority-second", (record(2, 1, 1, OTHER), new), True),
        ("digests-agree", (weak, strong), True),
        ("digests-strong-one-wrong", (weak, false), False),
        ("digests-strong-one-wrong-first", (false, weak), False),
        ("digests-of-other-selectors", (weak, record(3, 0, 2, OTHER)), True),
        ("digests-of-other-usages", (weak, record(2, 1, 2, OTHER)), True),
        ("digests-beside-whole", (record(3, 1, 0, SERVED), false), True),
        ("digests-strong-one-unusable", (weak, TLSA(3, 1, 2, b"short")), True),
    ):
        yield Case(name=name, chain=CHAIN, records=records, ours=ours)
