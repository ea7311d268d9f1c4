"""The two ways in which a validation proves nothing."""

from starttls.policy.answer import Status
from starttls.policy.unproven import bogus, unknown


def test_they_say_what_and_why() -> None:
    assert (bogus("forged").status, bogus("forged").reason, str(bogus("forged"))) == (Status.BOGUS, "forged", "forged")
    assert (unknown("silence").status, unknown("silence").chain) == (Status.INDETERMINATE, ())
