"""TLS alerts by name, and OpenSSL's errors as ours."""

import re
import ssl

from starttls.core.errors import HandshakeFailed, TLSError, Truncated
from starttls.core.transcript import Side

__all__ = ["ALERTS", "failure", "received_alert", "sent_alert"]

# RFC 8446 §6 and Appendix B.2, with the older ones that peers of TLS 1.2 and before still send.
ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

# What OpenSSL sends inside the encryption of TLS 1.3, by its words for the reason.
_SENT_FOR = {"peer did not return a certificate": "certificate_required"}

_NUMBERS = {name: number for number, name in ALERTS.items()}
_ALERT_RECORD = 0x15
# "sslv3 alert bad certificate", "tlsv13 alert missing extension", "tlsv1 unrecognized name"; OpenSSL 3.2 and later
# write "ssl/tls alert bad certificate".
_FROM_PEER = re.compile(r"(?:sslv3|ssl/tls|tlsv1|tlsv13) (?:alert )?(.+)")
_WORDS = re.compile(r"(?:\[[^\]]*\] )?(.*?)(?: \(_ssl\.c:\d+\))?")


def words(error: ssl.SSLError) -> str:
    """OpenSSL's own words, without Python's frame: ``"wrong version number"``."""
    text = str(error.args[-1])
    found = _WORDS.fullmatch(text)
    return (found[1] if found else text).lower()


def received_alert(error: ssl.SSLError) -> str | None:
    """The name of the alert that the peer sent, where that is what the error says."""
    found = _FROM_PEER.fullmatch(words(error))
    name = found[1].replace(" ", "_").replace("cancelled", "canceled") if found else ""
    return name if name in _NUMBERS else None


def sent_alert(data: bytes) -> str | None:
    """The name of the alert that ends ``data``, records we are about to send; None where it is encrypted."""
    body, alert = data, None
    while len(body) >= 5:
        end = 5 + int.from_bytes(body[3:5], "big")
        # RFC 8446 §6: level, description. An encrypted one is longer.
        alert = ALERTS.get(body[6]) if body[0] == _ALERT_RECORD and end == 7 <= len(body) else None
        body = body[end:]
    return alert


def failure(error: ssl.SSLError, side: Side, sent: bytes, *, done: bool) -> TLSError:
    """Our error for OpenSSL's. ``sent`` is what it left to send; ``done`` says that plaintext came already."""
    alert, sender = received_alert(error), side.peer
    if alert is None:
        alert, sender = sent_alert(sent) or _SENT_FOR.get(words(error)), side
    if isinstance(error, ssl.SSLZeroReturnError):
        detail = "the peer ended TLS"
    elif alert and sender is side.peer:
        detail = "refused by the peer"
    else:
        detail = words(error)
    if done:
        said = f", alert {alert} from the {sender}" if alert else ""
        return Truncated(f"TLS broke off: {detail}{said}")
    return HandshakeFailed(detail, alert, sender if alert else None)
