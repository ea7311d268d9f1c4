"""The same certificates as the asynchronous room's."""

from tests.asyncio.conftest import pem

__all__ = ["pem"]
