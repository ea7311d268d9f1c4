"""The table: chains, TLSA records, and what each of several programs makes of them.

``ours`` is what this package must say. Where another says something else, the row says so, and why: each difference is
known, and wanted or harmless.
"""

import itertools

from tests.interop.dane import paths, records
from tests.interop.dane.case import HOST, Case

__all__ = ["CASES", "HOST", "Case"]

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
