"""What a handshake negotiated."""

import hashlib
import ssl
from dataclasses import dataclass, field

__all__ = ["TLSFacts", "negotiated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSFacts:
    """What both sides agreed on, and whom the peer claimed to be."""

    version: str
    """``"TLSv1.3"``."""
    cipher: str
    """The suite, as OpenSSL calls it: ``"TLS_AES_256_GCM_SHA384"``."""
    group: str | None
    """The group of the key exchange by its IANA name: ``"x25519"``. None where there was no exchange of that kind."""
    alpn: str | None
    """The application protocol that both named."""
    resumed: bool
    """Did the connection go on from an earlier one, without a new certificate?"""
    verified: bool
    """Do the certificate's chain and name prove the peer? False also where nobody asked."""
    chain: tuple[bytes, ...] = field(repr=False)
    """The certificates that the peer presented: DER, its own first. Empty where it has none."""

    @property
    def sha256(self) -> str | None:
        """The fingerprint of the peer's own certificate: SHA-256, hexadecimal."""
        return hashlib.sha256(self.chain[0]).hexdigest() if self.chain else None


def negotiated(tls: ssl.SSLObject, group: str | None, chain: tuple[bytes, ...], *, verified: bool) -> TLSFacts | None:
    """The facts of a handshake that is done."""
    cipher = tls.cipher()
    if cipher is None:
        return None
    return TLSFacts(
        version=tls.version() or "",
        cipher=cipher[0],
        group=group,
        alpn=tls.selected_alpn_protocol(),
        resumed=bool(tls.session_reused),
        verified=verified,
        chain=chain,
    )
