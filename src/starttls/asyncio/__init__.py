"""Moves bytes on asyncio and decides nothing."""
