"""Why a DNS server gave no answer."""

import os
import socket
import ssl

from starttls.core.transcript import one_line

__all__ = ["NotTheAnswer", "Unanswered", "why"]


class Unanswered(Exception):
    """There is no answer, and this is why: one line."""


class NotTheAnswer(Unanswered):
    """What came is no answer to this question. Over UDP anybody can have sent it: the answer may still come."""


def why(error: BaseException) -> str:
    """What went wrong below the DNS, in one line."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"certificate rejected: {one_line(error.verify_message)}"
        case ssl.SSLError():
            return f"TLS failed: {one_line(getattr(error, 'reason', None) or str(error)).lower().replace('_', ' ')}"
        case EOFError() | ConnectionError(errno=None):
            return "connection closed by the server"
        case socket.gaierror(strerror=text):
            return one_line(str(text).lower())
        case OSError(errno=int(code)):
            return os.strerror(code).lower()
        case _:
            return one_line(str(error).lower()) or type(error).__name__
