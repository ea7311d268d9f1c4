"""Moves bytes on blocking sockets and decides nothing."""

from starttls.sync.client import Client, connect
from starttls.sync.stream import Stream

__all__ = ["Client", "Stream", "connect"]
