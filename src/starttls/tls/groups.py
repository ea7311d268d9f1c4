"""The group of a key exchange, read off the wire: before Python 3.15 ``ssl`` does not tell it.

We own the bytes, and the server names the group in the clear: in the key_share of its TLS 1.3 ServerHello (RFC 8446
§4.2.8), or in its TLS 1.2 ServerKeyExchange (RFC 8422 §5.4). Nothing is decided by it: OpenSSL judges the
handshake, and where these bytes make no sense the group is simply unknown.
"""

__all__ = ["GroupReader"]

# IANA, "TLS Supported Groups".
_NAMES = {
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "x25519",
    30: "x448",
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    512: "MLKEM512",
    513: "MLKEM768",
    514: "MLKEM1024",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
}

_CHANGE_CIPHER_SPEC, _HANDSHAKE = 20, 22
_SERVER_HELLO, _SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE = 2, 12, 14
_SUPPORTED_VERSIONS, _KEY_SHARE = 43, 51
_TLS_1_2 = 0x0303
_NAMED_CURVE = b"\x03"
# RFC 8446 §4.1.3: the random of a ServerHello that is a HelloRetryRequest.
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def group_name(number: int) -> str:
    """IANA's name of a group, or its number in hexadecimal."""
    return _NAMES.get(number) or f"0x{number:04x}"


class GroupReader:
    """Reads what a server sends in a handshake, in any chunks, until more bytes would change nothing (``done``)."""

    __slots__ = ("_exchange", "_group", "_messages", "_records", "_version", "done")

    def __init__(self) -> None:
        self.done = False
        self._exchange = b""
        self._group: int | None = None
        self._messages = bytearray()
        self._records = bytearray()
        self._version = 0

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the server sent. Memory is bounded by what the caller feeds before ``done``."""
        if self.done:
            return
        records = self._records
        records += data
        at = 0
        while len(records) >= at + 5:
            kind, end = records[at], at + 5 + int.from_bytes(records[at + 3 : at + 5], "big")
            if len(records) < end:
                break
            if not self._record(kind, records[at + 5 : end]):
                break
            at = end
        del records[:at]

    def name(self, cipher: str) -> str | None:
        """The group, once the handshake is done with the suite ``cipher``; None where it used none or is unknown.

        A finite field of TLS 1.2 has no name on the wire: it is ``dh-2048``, by its size.
        """
        if self._group is not None:
            return group_name(self._group)
        exchange = self._exchange
        if cipher.startswith("ECDHE-") and exchange[:1] == _NAMED_CURVE:
            return group_name(int.from_bytes(exchange[1:], "big"))
        if cipher.startswith("DHE-") and exchange:
            return f"dh-{8 * int.from_bytes(exchange[:2], 'big')}"
        return None

    def _record(self, kind: int, body: bytearray) -> bool:
        """Read one record; False when no more need be read."""
        # TLS 1.3 sends a ChangeCipherSpec for middleboxes, also between a HelloRetryRequest and the ServerHello.
        if kind == _HANDSHAKE:
            self._messages += body
            self._read_messages()
        elif kind != _CHANGE_CIPHER_SPEC or self._version == _TLS_1_2:
            self.done = True
        return not self.done

    def _read_messages(self) -> None:
        messages = self._messages
        while not self.done and len(messages) >= 4:
            end = 4 + int.from_bytes(messages[1:4], "big")
            if len(messages) < end:
                return
            kind, body = messages[0], bytes(messages[4:end])
            del messages[:end]
            if kind == _SERVER_HELLO:
                self._server_hello(body)
            elif kind in {_SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE}:
                self._exchange = body[:3]
                self.done = True

    def _server_hello(self, body: bytes) -> None:
        # RFC 8446 §4.1.3: version 2, random 32, session id <0..32>, suite 2, compression 1, extensions <..>
        at = 38 + body[34] if len(body) > 34 else len(body)
        extensions = body[at + 2 : at + 2 + int.from_bytes(body[at : at + 2], "big")]
        self._version = _TLS_1_2
        while len(extensions) >= 4:
            kind, end = int.from_bytes(extensions[:2], "big"), 4 + int.from_bytes(extensions[2:4], "big")
            value, extensions = extensions[4:end], extensions[end:]
            if kind == _SUPPORTED_VERSIONS:
                self._version = int.from_bytes(value, "big")
            elif kind == _KEY_SHARE and len(value) >= 2:
                self._group = int.from_bytes(value[:2], "big")
        self.done = self._version > _TLS_1_2 and body[2:34] != _RETRY
