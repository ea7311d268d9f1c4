import ssl

import pytest

from starttls.core.errors import HandshakeFailed
from starttls.core.transcript import Side
from starttls.tls.alerts import ALERTS, failure, received_alert, sent_alert
from starttls.tls.contexts import client_context
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT


def told(number: int, level: int = 2) -> TLSSession:
    """A client that gets an alert for an answer."""
    session = TLSSession.client(IMPLICIT_CLIENT, client_context(verify=False), HOST)
    session.data_to_send()
    session.receive_data(bytes([0x15, 3, 3, 0, 2, level, number]))
    return session


@pytest.mark.parametrize("number", sorted(set(ALERTS) - {0}))
def test_every_alert_has_its_name(number: int) -> None:
    error = told(number).error
    assert isinstance(error, HandshakeFailed)
    assert (error.alert, error.sender) == (ALERTS[number], Side.SERVER)
    assert str(error) == f"TLS handshake failed: refused by the peer, alert {ALERTS[number]} from the server"


def test_close_notify_in_place_of_a_handshake() -> None:
    error = told(0, level=1).error
    assert isinstance(error, HandshakeFailed)
    assert error.alert is None
    assert error.detail == "the peer ended TLS"


@pytest.mark.parametrize("number", sorted(set(range(256)) - set(ALERTS)))
def test_alerts_that_nobody_has_defined(number: int) -> None:
    error = told(number).error
    assert isinstance(error, HandshakeFailed)
    assert error.alert is None or error.sender is Side.CLIENT


@pytest.mark.parametrize(
    ("reason", "text", "alert"),
    [
        ("SSLV3_ALERT_BAD_CERTIFICATE", "sslv3 alert bad certificate", "bad_certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "ssl/tls alert bad certificate", "bad_certificate"),
        ("TLSV1_UNRECOGNIZED_NAME", "tlsv1 unrecognized name", "unrecognized_name"),
        ("TLSV1_ALERT_USER_CANCELLED", "tlsv1 alert user cancelled", "user_canceled"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "tlsv13 alert certificate required", "certificate_required"),
        ("WRONG_VERSION_NUMBER", "wrong version number", None),
        ("X", "tlsv1 alert number nine", None),
    ],
)
def test_the_words_of_several_openssls(reason: str, text: str, alert: str | None) -> None:
    assert received_alert(ssl.SSLError(1, f"[SSL: {reason}] {text} (_ssl.c:992)")) == alert
    assert received_alert(ssl.SSLError(1, f"[SSL] {text} (_ssl.c:1000)")) == alert
    assert received_alert(ssl.SSLError(text)) == alert


@pytest.mark.parametrize(
    ("data", "alert"),
    [
        (b"", None),
        (b"\x15\x03\x01\x00\x02\x02\x46", "protocol_version"),
        (b"\x16\x03\x03\x00\x01a\x15\x03\x03\x00\x02\x02\x28", "handshake_failure"),
        (b"\x15\x03\x03\x00\x02\x02\x28\x16\x03\x03\x00\x01a", None),
        (b"\x17\x03\x03\x00\x02\x02\x28", None),
        (b"\x15\x03\x03\x00\x13" + b"e" * 19, None),
        (b"\x15\x03\x03\x00\x02\x02\xfa", None),
        (b"\x15\x03\x03\x00\x02\x02", None),
    ],
)
def test_the_alert_that_we_send(data: bytes, alert: str | None) -> None:
    assert sent_alert(data) == alert


def test_an_error_of_our_own_names_our_alert() -> None:
    error = failure(ssl.SSLError(1, "[SSL: X] bad extension (_ssl.c:1)"), Side.SERVER, b"\x15\x03\x03\x00\x02\x02\x2f",
                    done=False)  # fmt: skip
    assert str(error) == "TLS handshake failed: bad extension, alert illegal_parameter from the server"
    error = failure(ssl.SSLError(1, "[SSL: X] bad record mac (_ssl.c:1)"), Side.SERVER, b"", done=True)
    assert str(error) == "TLS broke off: bad record mac"
