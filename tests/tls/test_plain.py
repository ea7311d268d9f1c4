"""The stream without TLS keeps bytes in order, and knows its end."""

from starttls.tls.plain import Plain


def test_what_comes_is_read_in_order() -> None:
    stream = Plain()
    stream.receive_data(b"abc")
    stream.receive_data(memoryview(b"def"))
    assert stream.unread == 6
    assert (stream.read(4), stream.read(4), stream.read(4)) == (b"abcd", b"ef", b"")
    assert not stream.peer_closed
    stream.receive_data(b"")
    assert stream.peer_closed


def test_what_is_written_goes_out_once() -> None:
    stream = Plain()
    stream.send(b"one")
    stream.send(bytearray(b"two"))
    assert (stream.data_to_send(), stream.data_to_send()) == (b"onetwo", b"")
