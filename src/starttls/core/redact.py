"""Secrets that a client says in plaintext: found in all that it said, and hidden in each of its turns.

No client of ours says a secret before TLS. Other people's clients do, to a server of ours, and an injected command
may carry one: what they said is evidence, the secret in it is not. An answer of ours may stand in the middle of a
secret, or between a login and the secret that comes behind it, so a turn is never looked at by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

__all__ = ["HIDDEN", "Redact"]

HIDDEN = b"[redacted]"


@dataclass(frozen=True, slots=True)
class Redact:
    """What a protocol knows of secrets in plaintext.

    ``find`` is given all that a client has said and tells where secrets start and end, in their order. With
    ``counted`` a secret keeps its length, as asterisks: a protocol that counts its bytes could not be replayed else.
    """

    find: Callable[[bytes], Iterable[tuple[int, int]]]
    counted: bool = False

    def __call__(self, said: bytes) -> bytes:
        """What was said in one turn, without its secrets."""
        return self.turns((said,))[0]

    def turns(self, turns: Sequence[bytes | bytearray]) -> list[bytes]:
        """All turns of a client, from its first, without their secrets."""
        said = b"".join(turns)
        secrets = iter(self.find(said))
        none = (len(said), len(said))
        start, end = next(secrets, none)
        shown: list[bytes] = []
        at = 0
        for turn in turns:
            stop = at + len(turn)
            pieces: list[bytes] = []
            while start < stop:
                hidden = max(start, at)
                pieces += said[at:hidden], self._mask(min(end, stop) - hidden)
                at = min(end, stop)
                if end > stop:
                    break  # it goes on in the next turn
                start, end = next(secrets, none)
            shown.append(b"".join((*pieces, said[at:stop])))
            at = stop
        return shown

    def _mask(self, count: int) -> bytes:
        return b"*" * count if self.counted else HIDDEN if count else b""
