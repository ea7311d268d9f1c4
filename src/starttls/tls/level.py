"""What a connection is worth."""

import enum

__all__ = ["Level"]


class Level(enum.StrEnum):
    """What a connection is worth, from nothing to most."""

    NONE = "none"
    ENCRYPTED = "encrypted"
    """Somebody on the path may have taken the server's place."""
    VERIFIED = "verified"
    """A certificate authority vouches for the name."""
    DANE = "dane"
    """The name's own zone vouches for the certificate, by DNSSEC (RFC 7671)."""

    def satisfies(self, level: "Level") -> bool:
        """Is it worth at least ``level``?"""
        order = tuple(Level)
        return order.index(self) >= order.index(level)
