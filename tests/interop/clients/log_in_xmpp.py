"""Logs in to XMPP with slixmpp and asks for the roster: PORT CA_FILE USER PASSWORD. Says how it went."""

import asyncio
import sys
from pathlib import Path

from slixmpp import JID, ClientXMPP


class Login(ClientXMPP):
    """Logs in, asks, says a word, goes."""

    def __init__(self, ca_file: str, user: str, password: str) -> None:
        super().__init__(f"{user}@localhost", password)
        self.ca_certs = Path(ca_file)
        self.done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", self.started)
        # A failed connection is no end: it tries TLS from the first byte, and then STARTTLS on the same port.
        for name in ("failed_all_auth", "ssl_invalid_chain", "disconnected"):
            self.add_event_handler(name, lambda reason, name=name: self.settle(f"{name}: {reason}"))

    async def started(self, _event: object) -> None:
        """Do what a user would do first."""
        await self.get_roster(timeout=5)
        self.send_message(mto=JID("friend@localhost"), mbody="It was here.")
        self.settle(f"logged in as {self.boundjid}, {len(self.client_roster)} friends")

    def settle(self, word: str) -> None:
        """Keep the first word on how it went."""
        if not self.done.done():
            self.done.set_result(word)


async def main(port: str, ca_file: str, user: str, password: str) -> None:
    """Log in, or say why not."""
    client = Login(ca_file, user, password)
    client.connect("127.0.0.1", int(port))
    print(await asyncio.wait_for(client.done, 10))  # noqa: T201 - what the test reads
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
