"""A small world on loopback to try things on: honest servers, an impostor, and an attacker on the path.

    python examples/world.py

It runs until it is interrupted, and leaves nothing behind.
"""

import asyncio
import contextlib

from starttls.lab.world import world


async def main() -> None:
    """Say where everything is."""
    async with world() as here:
        print("trust    ", here.ca_file)
        print("honest   ", *here.honest)
        print("stripped ", here.stripped)
        print("impostor ", here.impostor, flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
