"""The memory of zones: by time, and bounded."""

from starttls.policy.answer import Status
from starttls.policy.zones import LONGEST, Zone, Zones


def zone(name: bytes, expires: int = 10 * LONGEST) -> Zone:
    return Zone(name=(name,), status=Status.SECURE, expires=expires, chain=())


def test_what_is_remembered_and_until_when() -> None:
    zones, org = Zones(10), zone(b"org")
    zones.put((b"org",), org, 100, now=50)
    assert zones.get((b"org",), 100) is org
    assert zones.get((b"org",), 101) is None
    assert zones.get((b"net",), 50) is None
    assert (str(org), org.secure) == ("org", True)


def test_nothing_is_remembered_for_longer_than_a_day() -> None:
    zones = Zones(10)
    zones.put((b"org",), zone(b"org"), 10 * LONGEST, now=0)
    assert zones.get((b"org",), LONGEST) is not None
    assert zones.get((b"org",), LONGEST + 1) is None


def test_a_name_is_not_remembered_for_longer_than_its_zone() -> None:
    zones = Zones(10)
    zones.put((b"org", b"name"), zone(b"org", expires=20), 100, now=0)
    assert zones.get((b"org", b"name"), 20) is not None
    assert zones.get((b"org", b"name"), 21) is None


def test_a_clock_that_is_set_back_makes_it_forgotten() -> None:
    zones = Zones(10)
    zones.put((b"org",), zone(b"org"), 10 * LONGEST, now=LONGEST)
    assert zones.get((b"org",), LONGEST) is not None
    assert zones.get((b"org",), LONGEST - 1) is None


def test_the_oldest_is_forgotten_first() -> None:
    zones = Zones(2)
    for name in (b"a", b"b", b"a", b"c"):  # "a" is learned anew
        zones.put((name,), zone(name), 100, now=0)
    assert len(zones) == 2
    assert [zones.get((name,), 0) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
