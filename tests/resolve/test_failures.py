import errno
import socket
import ssl

import pytest

from starttls.resolve.failures import NotTheAnswer, Unanswered, why


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 53)"), "connection refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "network is unreachable"),
        (ConnectionResetError(), "connection closed by the server"),
        (EOFError("3 bytes read"), "connection closed by the server"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)"), "TLS failed: "),
        (OSError("Multiple\nexceptions."), "multiple\\nexceptions"),
        (ValueError(), "ValueError"),
    ],
)
def test_why(error: Exception, text: str) -> None:
    found = why(error)
    assert found.startswith(text)
    assert found.isprintable()


def test_what_is_no_answer_is_no_answer() -> None:
    assert issubclass(NotTheAnswer, Unanswered)
