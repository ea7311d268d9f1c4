"""The table: chains, TLSA records, and what we and other programs make of them.

``CASES`` say what this package does. ``DIFFERENT`` has, for each other program, the cases of which it makes the
opposite, and why: each difference is known, and wanted or harmless.
"""

import itertools
from collections.abc import Mapping

from tests.interop.dane import paths, records
from tests.interop.dane.case import HOST, Case

__all__ = ["CASES", "DIFFERENT", "HOST", "Case", "taken_by"]

CASES: tuple[Case, ...] = tuple(
    itertools.chain(
        records.each_kind(),
        records.of_the_wrong_one(),
        records.unusable(),
        records.several(),
        paths.chains(),
        paths.whole_life(),
        paths.names(),
        paths.purposes(),
        paths.keys(),
    )
)

_TAKES_LESS = "the primitive that builds our paths refuses it"
_EMPTY = "s_client takes no record without data on its command line; the library would leave it out"

_OPENSSL = {
    "unusable-empty-beside-a-good-one": _EMPTY,
    "unusable-nothing-whole-beside-a-good-one": _EMPTY,
    "cross-signed": "it follows the first issuer that fits, and does not come back from a dead end",
    "authority-for-anything": "anyExtendedKeyUsage is not enough for it; RFC 5280 §4.2.1.12 has it stand for all",
    "wildcard-in-a-label": "RFC 9525 §6.3: a wildcard is a whole label",
    "common-name-alone": "RFC 9525 §2: a common name is no name",
    "authority-says-only-key-usage": "RFC 5280 §6.1.4(k): an authority has basicConstraints",
    "names-of-a-directory": _TAKES_LESS + ": it does not know constraints on directory names",
    "server-critical-policy": _TAKES_LESS + ": it does not know the extension",
    "authority-critical-policy": _TAKES_LESS + ": it does not know the extension",
    "9-between": _TAKES_LESS,
    "20-between": _TAKES_LESS,
    "authority-brainpool": _TAKES_LESS,
    "authority-ed25519": _TAKES_LESS,
    "signed-sha224": _TAKES_LESS,
}

_DIGESTS = "it has no digest agility"
_SENT = "it looks for the authority among what was sent alone"
_NAMES = "it leaves names to its caller"
_PURPOSE = "it leaves purposes and limits to its caller"
_ANY_PATH = "a certificate that matches need not be on the path from the server's own"

_GNUTLS = {
    "0-1-1-no-public-root": "it leaves the path to a public root to its caller",
    "1-1-1-no-public-root": "it leaves the path to a public root to its caller",
    "unusable-empty-beside-a-good-one": "a record without data spoils the whole set",
    "unusable-nothing-whole-beside-a-good-one": "a record without data spoils the whole set",
    "digests-strong-one-wrong": _DIGESTS,
    "digests-strong-one-wrong-first": _DIGESTS,
    "root-not-sent-2-0-0": _SENT,
    "root-not-sent-2-1-0": _SENT,
    "middle-not-sent-2-0-0": _SENT,
    "middle-not-sent-2-1-0": _SENT,
    "expired-root-2-1-0": _SENT,
    "not-yet-root-2-1-0": _SENT,
    "self-signed-2-1-0": _SENT,
    "self-signed-twice-2-1-1": "any certificate behind the first may be the authority, the first itself as well",
    "authority-of-nobody": _ANY_PATH,
    "issuer-by-name-alone": _ANY_PATH,
    "loop": _ANY_PATH,
    **dict.fromkeys(
        ("other-name", "wildcard-too-high", "wildcard-deeper", "wildcard-in-a-label", "no-names", "common-name-alone",
         "common-name-beside-another", "names-of-a-directory"), _NAMES,
    ),
    **dict.fromkeys(
        ("no-room", "for-clients", "for-anything", "key-for-nothing-in-tls", "server-critical-policy",
         "authority-critical-policy", "authority-says-nothing", "authority-says-only-key-usage",
         "authority-for-clients"), _PURPOSE,
    ),
    "9-between": _TAKES_LESS,
    "20-between": _TAKES_LESS,
    "authority-ed25519": _TAKES_LESS,
    "authority-rsa1024": "its usual strength takes keys of 1024 bits",
    "signed-sha224": _TAKES_LESS,
}  # fmt: skip

DIFFERENT: Mapping[str, Mapping[str, str]] = {"openssl": _OPENSSL, "gnutls": _GNUTLS}


def taken_by(program: str, case: Case) -> bool:
    """Whether ``"openssl"`` or ``"gnutls"`` takes it."""
    return case.ours != (case.name in DIFFERENT[program])
