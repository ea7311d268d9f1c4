import dataclasses

import pytest

from starttls.policy.senders import Confidence, Dane, Floor, Order, Outcome, Sender, Sts


def test_a_sender_is_the_plainest_unless_it_says_more() -> None:
    sender = Sender(name="example", sources=("here",), confidence=Confidence.INFERRED)
    assert (sender.dane, sender.sts, sender.floor, sender.order) == (Dane.OFF, Sts.OFF, Floor.MAY, Order.DANE)
    assert (sender.half, sender.whole, sender.retries_in_clear) == (False, False, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sender.name = "another"  # type: ignore[misc]


def test_outcomes_are_words_for_a_table() -> None:
    assert [str(outcome) for outcome in Outcome] == [
        "delivers verified",
        "delivers encrypted",
        "delivers in clear",
        "defers",
        "rejects",
        "unknown",
    ]
    assert [str(confidence) for confidence in Confidence] == ["documented", "inferred", "unknown"]
