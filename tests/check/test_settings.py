from starttls.check.settings import CheckSettings, TimeoutSettings
from starttls.tls.plan import Timeouts


def test_the_default_timeouts_are_the_clients() -> None:
    assert TimeoutSettings().timeouts() == Timeouts()


def test_each_timeout_reaches_the_client() -> None:
    settings = TimeoutSettings(connect=1, wait=2, handshake=3, whole=4)
    assert settings.timeouts() == Timeouts(connect=1, wait=2, handshake=3, whole=4)


def test_the_defaults_say_nothing_of_what_is_demanded() -> None:
    """Then it is what the command line says, and in the end a verified connection (`starttls.cli.options`)."""
    assert (CheckSettings().policy, CheckSettings().level) == (None, None)
