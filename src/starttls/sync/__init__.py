"""Moves bytes on blocking sockets and decides nothing."""
