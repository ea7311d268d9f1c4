"""The promises of a server: what is refused before it listens, and what each connection gets."""

import pytest

from starttls.core.errors import Misuse
from starttls.tls.connection import Phase
from starttls.tls.contexts import server_context
from starttls.tls.plan import Timeouts
from starttls.tls.serving import ServerPlan
from tests.tls.pairs import Files


def test_a_server_needs_a_certificate() -> None:
    with pytest.raises(Misuse, match="needs a certificate"):
        ServerPlan("smtp://127.0.0.1:2525")
    with pytest.raises(Misuse, match="no such file"):
        ServerPlan("smtp://127.0.0.1:2525", certificate="missing.pem")


def test_each_connection_has_a_name_and_chance_of_its_own(files: Files) -> None:
    plan = ServerPlan("mysql://127.0.0.1", certificate=files.server, name="db.example.org")
    first, second = plan.connection(), plan.connection()
    assert first.transcript.headers["name"] == "db.example.org"
    assert first.transcript.headers["entropy"] != second.transcript.headers["entropy"]


def test_a_context_may_be_given(files: Files) -> None:
    context = server_context(files.server)
    plan = ServerPlan("imaps://127.0.0.1", context=context, timeouts=Timeouts(wait=1), limit=3)
    assert plan.connection().phase is Phase.HANDSHAKE
    assert (plan.limit, plan.timeouts.wait, plan.on_failure) == (3, 1, None)
