"""A STARTTLS server in twenty lines: it answers nothing but what comes inside TLS.

    python examples/server.py smtp://127.0.0.1:2525 chain.pem key.pem

The files are PEM: the certificate with its chain, and its key.
"""

import asyncio
import sys

import starttls


async def shout(stream: starttls.Stream) -> None:
    """The handler sees only upgraded streams. Here: say every line back in capitals."""
    while line := await stream.readline():
        await stream.write(line.upper())


async def main(url: str, certificate: str, key: str) -> None:
    """Serve until interrupted; `on_failure` hears of clients that got no stream."""
    async with starttls.listen(url, shout, certificate=certificate, key=key, on_failure=print) as server:
        print("listening on", *server.addresses, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
