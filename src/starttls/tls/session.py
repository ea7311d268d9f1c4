"""One TLS session over memory BIOs: bytes in, bytes out, plaintext in, plaintext out.

It demands the proof that TLS may start: an `Upgrade`, or `ImplicitTLS` where the port itself says so (RFC 8314).
`receive_data` never raises for anything that a peer does; what went wrong is in ``error``. Ciphertext is decrypted
as `read` asks for it, so that a caller who stops reading holds the peer back.
"""

import contextlib
import ssl

from starttls.core.errors import HandshakeFailed, Misuse, PlaintextAfterGoAhead, StartTLSError, Truncated
from starttls.core.outcome import Upgrade
from starttls.core.transcript import Side, printable
from starttls.tls.alerts import failure, received_alert
from starttls.tls.bios import RECORD, Bios
from starttls.tls.chain import presented, rejected
from starttls.tls.demand import Demand
from starttls.tls.facts import TLSFacts, negotiated
from starttls.tls.judgement import Judgement
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.proof import ImplicitTLS, Resumption, accepted

__all__ = ["HANDSHAKE_LIMIT", "ImplicitTLS", "Resumption", "TLSSession"]

HANDSHAKE_LIMIT = 262144
"""Bytes that a peer may send before the handshake is done."""

EVIDENCE = 4096
"""Bytes that are kept of plaintext where TLS should begin."""

_CONTENT_TYPES = range(0x14, 0x18)  # RFC 8446 §5.1: change_cipher_spec, alert, handshake, application_data


class TLSSession:
    """One TLS session; made by `client` or `server`.

    There may be `data_to_send` at the start and after each call. ``handshake_done``: plaintext may be sent.
    ``error`` ends the session; what was read before it stays good. ``peer_closed``: the peer sends no more;
    ``truncated``: it ended without close_notify, what was read may be cut. ``verified``: its certificate proves it.
    """

    __slots__ = ("_bios", "_closed", "_earlier", "_eof", "_group", "_heard", "_judgement", "_kept", "_read", "_tls",
                 "_upgraded", "error", "handshake_done", "peer_closed", "side", "truncated", "verified")  # fmt: skip

    def __init__(
        self,
        proof: object,
        side: Side,
        context: ssl.SSLContext,
        expected: ServerIdentity | None = None,
        demand: Demand | None = None,
        resume: Resumption | None = None,
    ) -> None:  # use `client` or `server`
        self._judgement = Judgement(context, expected, demand)
        self._upgraded = accepted(proof, side, context)
        self.side = side
        self.error: StartTLSError | None = None
        self.handshake_done = self.peer_closed = self.truncated = self.verified = False
        self._bios = Bios(side)
        self._closed = self._eof = self._read = False
        resume = self._judgement.resumable(resume)
        self._earlier = resume.chain if resume is not None else ()
        self._group: str | None = None
        self._heard, self._kept = 0, b""
        try:
            self._tls = context.wrap_bio(
                self._bios.incoming,
                self._bios.outgoing,
                server_side=side is Side.SERVER,
                server_hostname=expected.host if expected is not None else None,  # SNI, but not for an IP address
                session=resume.session if resume is not None else None,
            )
        except (ssl.SSLError, ValueError) as error:  # a session of another context
            raise Misuse(f"no TLS session can be made of this: {error}") from None

    @classmethod
    def client(
        cls,
        proof: Upgrade | ImplicitTLS,
        context: ssl.SSLContext,
        server: ServerIdentity | str,
        *,
        demand: Demand | None = None,
        resume: Resumption | None = None,
    ) -> "TLSSession":
        """A client's session with ``server``: its name or IP address, which the certificate has to prove.

        ``demand`` says how, where not by the name alone. ``resume`` is what an earlier session with the same server,
        on the same context, left behind; not used where the demand's judge would now object to its certificates.
        """
        expected = ServerIdentity(server) if isinstance(server, str) else server
        self = cls(proof, Side.CLIENT, context, expected, demand, resume)
        self._step()
        return self

    @classmethod
    def server(cls, proof: Upgrade | ImplicitTLS, context: ssl.SSLContext) -> "TLSSession":
        """A server's session. Pass `receive_data` first what is in ``proof.early``: those bytes are TLS's."""
        return cls(proof, Side.SERVER, context)

    # -- bytes -----------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the peer sent; b"" says that it will send no more. What comes after an error is dropped."""
        if self.error is not None:
            return
        if not data:
            self._end()
        elif not self.handshake_done:
            self._shake(data)
        elif self.peer_closed:
            self._behind_close_notify(len(data))
        else:
            self._bios.receive(data)

    def data_to_send(self) -> bytes:
        """Take what must go to the peer now."""
        return self._bios.take()

    @property
    def unread(self) -> int:
        """Bytes of the peer's that `read` has not taken, most of them encrypted still. For holding a peer back."""
        return self._bios.waiting + self._tls.pending() + len(self._kept)

    # -- plaintext -------------------------------------------------------------------------------------------

    def send(self, plaintext: bytes | bytearray | memoryview) -> None:
        """Encrypt for the peer. Raises `Misuse` before the handshake is done, after `close` and after an error."""
        if not self.handshake_done or self._closed or self.error is not None:
            raise Misuse("nothing can be sent: the TLS session is not open")
        view = memoryview(plaintext).cast("B")
        try:
            for at in range(0, len(view), RECORD):
                self._tls.write(view[at : at + RECORD])
                self._bios.flush()
        except ssl.SSLError as error:
            self._fail(error)

    def read(self, limit: int = 65536) -> bytes:
        """Take at most ``limit`` bytes of plaintext; b"" where there is none now, or at the end."""
        if self._kept:
            data, self._kept = self._kept[:limit], self._kept[limit:]
            return data
        pieces: list[bytes] = []
        while limit > 0 and (piece := self._decrypt(min(limit, RECORD))):
            pieces.append(piece)
            limit -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Say that nothing more will be sent (close_notify). What the peer sends may still be read."""
        if not self.handshake_done or self._closed or self.error is not None:
            return
        # OpenSSL's shutdown also reads, and plaintext that it meets is an error to it: take that out of its way.
        if unread := self.unread:
            self._kept += self.read(unread + 1)
        self._closed = True
        with contextlib.suppress(ssl.SSLError):  # it wants the peer's close_notify, which `read` will see
            self._tls.unwrap()

    # -- what came of it -------------------------------------------------------------------------------------

    @property
    def level(self) -> Level:
        """What the session is worth; NONE until the handshake is done."""
        return self._judgement.level(verified=self.verified) if self.handshake_done else Level.NONE

    @property
    def facts(self) -> TLSFacts | None:
        """What was negotiated; None until the handshake is done."""
        chain = self.presented_chain
        return negotiated(self._tls, self._group, chain, verified=self.verified) if self.handshake_done else None

    @property
    def presented_chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer presented, DER, its own first: also after a failed verification.

        A client that resumes a session has those of that session.
        """
        return presented(self._tls) or (self._earlier if self._tls.session_reused else ())

    @property
    def resumption(self) -> Resumption | None:
        """What a client can resume later; None where the server gave nothing, or not yet.

        With TLS 1.3 a ticket comes after the handshake, with what is read first: ask late.
        """
        session = self._tls.session if self.handshake_done else None
        if session is None or self._judgement.expected is None or not (session.has_ticket or session.id):
            return None
        return Resumption(session, self._judgement.expected, self.presented_chain, self.verified)

    # -- the handshake ---------------------------------------------------------------------------------------

    def _shake(self, data: bytes | bytearray | memoryview) -> None:
        if not self._heard and data[0] not in _CONTENT_TYPES:
            self._no_tls(bytes(data[:EVIDENCE]))
            return
        self._bios.hold(data)
        while not self.handshake_done and self.error is None:
            piece = self._bios.feed(HANDSHAKE_LIMIT - self._heard)
            if not piece:
                break
            self._heard += len(piece)
            self._step()
        if self._heard == HANDSHAKE_LIMIT and not self.handshake_done and self.error is None:
            self._refuse(HandshakeFailed(f"no end of the handshake within {HANDSHAKE_LIMIT} bytes"))

    def _step(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._bios.flush()
            self._judge()
        except ssl.SSLError as error:
            self._fail(error)
        else:
            self._finish()

    def _finish(self) -> None:
        self._bios.flush()
        cipher, groups, self._bios.groups = self._tls.cipher(), self._bios.groups, None
        if groups is not None and cipher is not None:
            self._group = groups.name(cipher[0])
        self._judge(ended=True)
        self.handshake_done = self.error is None
        if self.handshake_done and self._judgement.proves:
            self.verified = self.side is Side.CLIENT or bool(self.presented_chain)

    def _judge(self, *, ended: bool = False) -> None:
        chain = self.presented_chain if self._judgement.asked else ()
        wrong = self._judgement.objection(chain) if chain or ended else None
        if wrong is not None:
            self._bios.take()
            self._refuse(wrong)

    def _no_tls(self, leftover: bytes) -> None:
        start = printable(leftover[: 60 if self.side is Side.CLIENT else 4])  # a client's may be a login, as of LDAP
        no = HandshakeFailed(f"the peer does not speak TLS: '{start}'")
        self._refuse(PlaintextAfterGoAhead(leftover) if self._upgraded else no)

    # -- inside ----------------------------------------------------------------------------------------------

    def _decrypt(self, limit: int) -> bytes:
        """Some plaintext, or b""."""
        while self.handshake_done and self.error is None and not self.peer_closed:
            try:
                if data := self._tls.read(limit):
                    self._read = True
                    return data
                self._close_notify()
            except ssl.SSLWantReadError:
                if not self._bios.feed():
                    if self._eof:
                        self._cut()
                    elif self.side is Side.CLIENT and not self._closed:
                        # A ticket makes OpenSSL allocate 16 KiB to write, and keep them until the next write is done.
                        # To write nothing sends nothing, and frees them in a connection that now waits.
                        self._tls.write(b"")
                    return b""
            except ssl.SSLZeroReturnError:  # the same close_notify, where we have sent ours already
                self._close_notify()
            except ssl.SSLError as error:
                self._fail(error)
        return b""

    def _close_notify(self) -> None:
        self.peer_closed = True
        self._behind_close_notify(self._bios.waiting)

    def _behind_close_notify(self, count: int) -> None:
        # RFC 8446 §6.1 has it ignored. Nobody gets to read it here; but an honest peer sends none, so it is reported.
        if count:
            self._refuse(Truncated(f"{count} bytes behind the peer's close_notify, which ends what it has to say"))

    def _end(self) -> None:
        self._eof = True
        if not self.handshake_done:
            self._refuse(HandshakeFailed("connection closed by the peer"))
        elif not self.unread and not self.peer_closed:
            self._cut()

    def _cut(self) -> None:
        self.peer_closed = self.truncated = True
        if not self._closed:  # whoever has said goodbye himself misses nothing
            self._refuse(Truncated("connection closed without close_notify: what was read may be cut short"))

    def _fail(self, error: ssl.SSLError) -> None:
        sent = self._bios.flush()
        if isinstance(error, ssl.SSLCertVerificationError):
            self._refuse(rejected(error, self.presented_chain, self._judgement.expected))
            return
        # A client of TLS 1.3 is done before the server has looked at its certificate.
        late = self.side is Side.CLIENT and not self._read and received_alert(error) is not None
        self._refuse(failure(error, self.side, sent, done=self.handshake_done and not late))

    def _refuse(self, error: StartTLSError) -> None:
        self.error = error
        self._bios.drop()
