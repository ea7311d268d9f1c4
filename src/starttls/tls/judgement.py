"""Whether the certificates of one session prove what they have to."""

import ssl
from functools import partial

from starttls.core.errors import Misuse, StartTLSError
from starttls.tls.chain import name_rejected
from starttls.tls.demand import Demand, Judge
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.proof import Resumption

__all__ = ["Judgement"]


class Judgement:
    """Asks the judge of one session, where there is one beside the TLS library.

    That is the demand's; or the one that compares the names which the library does not know, where ``context`` leaves
    them to us. Raises `Misuse` where ``context`` would prove less than ``demand`` says. ``proves``: does a handshake
    without an objection prove the server? ``asked``: is there a judge at all? ``expected`` is who the server must be.

    He is asked as soon as there is a chain: an impostor gets neither our Finished nor our certificate. And in the end,
    where it may be another: until the server has chosen, OpenSSL shows that of the session which we offer to resume.
    """

    __slots__ = ("_approved", "_context", "_judge", "_level", "asked", "expected", "proves")

    def __init__(self, context: ssl.SSLContext, expected: ServerIdentity | None, demand: Demand | None) -> None:
        if expected is not None and expected.beyond_dns and context.check_hostname:
            raise Misuse("for names that OpenSSL does not know, make the context with check_name=False")
        verifies = context.verify_mode is not ssl.CERT_NONE
        judge: Judge | None = demand.judge if demand is not None else None
        if demand is not None and demand.level is Level.VERIFIED and not verifies:
            raise Misuse("this context takes any certificate, and the connection is to be verified")
        if judge is None and expected is not None and verifies and not context.check_hostname:
            judge = partial(name_rejected, expected=expected)
        self._approved: tuple[bytes, ...] | None = None
        self._context = context
        self.expected = expected
        self._judge = judge
        self._level = demand.level if demand is not None else Level.VERIFIED
        self.asked = judge is not None
        self.proves = verifies or judge is not None

    def resumable(self, earlier: Resumption | None) -> Resumption | None:
        """``earlier``, where its certificates would be good enough now.

        Raises `Misuse` where it is another server's, or was to prove less.
        """
        if earlier is not None and self.expected is not None:
            earlier.check(self.expected, self._context)
        if earlier is None or self._judge is None or self._judge(earlier.chain) is None:
            return earlier
        return None

    def objection(self, chain: tuple[bytes, ...]) -> StartTLSError | None:
        """What is wrong with ``chain``. The same chain is judged once."""
        if self._judge is None or chain == self._approved:
            return None
        wrong = self._judge(chain)
        if wrong is None:
            self._approved = chain
        return wrong

    def level(self, *, verified: bool) -> Level:
        """What a session is worth whose server is ``verified``, or not."""
        return self._level if verified else Level.ENCRYPTED
