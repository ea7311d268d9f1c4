"""Our client meets our server, for every protocol."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols import ALL


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def carry(giver: Talk, taker: Talk, size: int) -> bool:
    """Move what ``giver`` has to say; tell whether there was anything."""
    data = giver.data_to_send()
    for piece in pieces(data, size):
        assert taker.outcome is None, "bytes behind the end of the conversation"
        taker.receive_data(piece)
    return bool(data)


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
@settings(max_examples=20, deadline=None)
@given(entropy=st.binary(min_size=20, max_size=20), size=st.integers(1, 64))
def test_client_and_server_agree(protocol: Protocol, entropy: bytes, size: int) -> None:
    """Whatever the chance and the size of segments, both end in an upgrade, and neither left a byte behind."""
    client = protocol.as_client(ClientSetup(entropy=entropy[:16], host="server.example.org", me="client.example.org"))
    server = protocol.as_server(ServerSetup(entropy=entropy, name="server.example.org"))
    while carry(client, server, size) or carry(server, client, size):
        pass
    assert isinstance(client.outcome, Upgrade), client.transcript.text
    assert isinstance(server.outcome, Upgrade), server.transcript.text
    assert client.transcript.turns == server.transcript.turns
