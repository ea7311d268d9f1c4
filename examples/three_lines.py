"""The shortest client: a verified, upgraded connection, or an exception that says why not.

python examples/three_lines.py imap://mail.example.org
"""

import asyncio
import sys

import starttls


async def main(url: str) -> None:
    """Connect, and say what the connection is worth."""
    async with await starttls.connect(url) as stream:
        print(stream.level, stream.tls)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
