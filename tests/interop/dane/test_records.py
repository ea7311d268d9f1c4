"""The records that we print are those that danetool prints of the same certificate."""

import itertools
import sys
from pathlib import Path

import pytest

from tests.interop.clients.program import Home
from tests.interop.dane.case import CHAIN, MIDDLE, SERVED

pytestmark = pytest.mark.interop

KINDS = list(itertools.product(range(4), range(2), (1, 2)))


def _danetool(home: Home, usage: int, selector: int, mtype: int) -> str:
    """The line of a zone; it writes numbers of two digits, in brackets."""
    of_authority = usage in {0, 2}
    file = home.write("of.pem", MIDDLE.pem if of_authority else SERVED.pem)
    options = ["--hash", {1: "SHA256", 2: "SHA512"}[mtype]]
    options += ["--ca"] if of_authority else []
    options += ["--x509"] if selector == 0 else []
    options += ["--no-domain"] if usage < 2 else []  # "issued by the local domain"
    ran = home.run("danetool", "--tlsa-rr", "--host", "mx.test", "--port", "25", "--load-certificate", file, *options)
    assert ran.status == 0, ran.output
    words = [word for word in ran.output.split() if word not in {"(", ")"}]
    return " ".join([*words[:3], *(str(int(word)) for word in words[3:6]), *words[6:]])


@pytest.mark.parametrize(("usage", "selector", "mtype"), KINDS)
def test_danetool_prints_the_same(home: Home, tmp_path: Path, usage: int, selector: int, mtype: int) -> None:
    chain = home.write("chain.pem", b"".join(paper.pem for paper in CHAIN))
    kind = f"{usage}-{selector}-{mtype}"
    ran = home.run(sys.executable, "-m", "starttls", "tlsa", "--host", "mx.test", "--record", kind, chain)
    assert ran.status == 0, ran.output
    assert ran.output.splitlines()[1:] == [_danetool(home, usage, selector, mtype)]
