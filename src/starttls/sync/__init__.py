"""Moves bytes on blocking sockets and decides nothing."""

from starttls.sync.client import Client, connect, connect_mx, connect_srv
from starttls.sync.stream import Stream

__all__ = ["Client", "Stream", "connect", "connect_mx", "connect_srv"]
