from pathlib import Path

import pytest

from starttls.core.errors import Misuse
from starttls.resolve.servers import Server, Transport, read_resolv_conf, server

TLS, HTTPS = Transport.TLS, Transport.HTTPS


@pytest.mark.parametrize(
    ("text", "made", "written"),
    [
        ("192.0.2.53", Server(host="192.0.2.53"), "192.0.2.53:53"),
        ("192.0.2.53:5353", Server(host="192.0.2.53", port=5353), "192.0.2.53:5353"),
        ("2001:db8::53", Server(host="2001:db8::53"), "[2001:db8::53]:53"),
        ("[2001:DB8::53]", Server(host="2001:db8::53"), "[2001:db8::53]:53"),
        ("[::1]:5353", Server(host="::1", port=5353), "[::1]:5353"),
        ("fe80::1%eth0", Server(host="fe80::1%eth0"), "[fe80::1%eth0]:53"),
        (" tcp://192.0.2.53:5 ", Server(host="192.0.2.53", port=5, transport=Transport.TCP), "tcp://192.0.2.53:5"),
        (
            "tls://Dns.Example.NET",
            Server(host="dns.example.net", port=853, transport=TLS, name="dns.example.net"),
            "tls://dns.example.net:853",
        ),
        (
            "tls://192.0.2.53",
            Server(host="192.0.2.53", port=853, transport=TLS, name="192.0.2.53"),
            "tls://192.0.2.53:853",
        ),
        (
            "tls://[2001:db8::53]:8853#dns.example.net",
            Server(host="2001:db8::53", port=8853, transport=TLS, name="dns.example.net"),
            "tls://[2001:db8::53]:8853#dns.example.net",
        ),
        (
            "https://dns.example.net",
            Server(host="dns.example.net", port=443, transport=HTTPS, name="dns.example.net", path="/dns-query"),
            "https://dns.example.net:443/dns-query",
        ),
        (
            "HTTPS://[2001:db8::53]:8443/q?a=b",
            Server(host="2001:db8::53", port=8443, transport=HTTPS, name="2001:db8::53", path="/q?a=b"),
            "https://[2001:db8::53]:8443/q?a=b",
        ),
    ],
)
def test_forms(text: str, made: Server, written: str) -> None:
    assert server(text) == made
    assert str(made) == written
    assert server(written) == made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dns.example.net", "'dns.example.net' names no DNS server: it is asked by its IP address"),
        ("", "write IP, IP:PORT"),
        ("192.0.2.53:0", "'0' is no port"),
        ("192.0.2.53:65536", "'65536' is no port"),
        ("192.0.2.53:99999999999999999999", "is no port"),
        ("192.0.2.53:x", "'x' is no port"),
        ("192.0.2.53:\u0663", "is no port"),
        ("192.0.2.300", "it is asked by its IP address"),
        ("[::1", "names no DNS server: write"),
        ("[::1]53", "names no DNS server: write"),
        ("htps://dns.example.net/", "no DNS server is asked by 'htps': did you mean https://?"),
        ("quic://192.0.2.53", "no DNS server is asked by 'quic': write IP"),
        ("tcp://dns.example.net", "it is asked by its IP address"),
        ("tls://", "names no DNS server: write"),
        ("tls://192.0.2.53:0", "names no DNS server: write"),
        ("tls://192.0.2.53:99999", "Port out of range"),
        ("tls://192.0.2.53/path", "names no DNS server: write"),
        ("tls://user@192.0.2.53", "names no DNS server: write"),
        ("tls://[::1", "Invalid IPv6 URL"),
        ("tls://192.0.2.53#a..b", "'a..b' is neither a host name nor an IP address"),
        ("https://dns.example.net/#name", "the name of an https:// server is the one in its URL"),
        ("https://dns.example.net/\u00fc", "the path of a URL is ASCII"),
    ],
)
def test_what_names_no_server(text: str, why: str) -> None:
    with pytest.raises(Misuse) as caught:
        server(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("made", "near", "believed"),
    [
        (Server(host="127.0.0.53"), True, True),
        (Server(host="127.0.0.53", named=False), True, True),
        (Server(host="::1", named=False), True, True),
        (Server(host="192.0.2.53", named=False), False, False),
        (Server(host="192.0.2.53", named=False, trust_ad=True), True, True),
        (Server(host="192.0.2.53"), False, True),
        (Server(host="fe80::1%lo", named=False), False, False),
        (server("tls://dns.example.net"), False, True),
    ],
)
def test_whose_ad_bit_is_believed(made: Server, near: bool, believed: bool) -> None:
    assert (made.near, made.believed) == (near, believed)


def test_resolv_conf(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_bytes(
        b"# nameserver 192.0.2.1\n; nameserver 192.0.2.1\nsearch example.org\nnameserver\t192.0.2.2 # x\n"
        b"nameserver nonsense\nnameserver fe80::1%eth0\nnameserver\n\xff\xfe\n  nameserver 192.0.2.3\n"
        b"nameserver 192.0.2.4\noptions timeout:x edns0 trust-ad\noptions attempts:0 timeout:99 timeout:y\n"
    )
    configured = read_resolv_conf(file)
    assert [one.host for one in configured.servers] == ["192.0.2.2", "fe80::1%eth0", "192.0.2.3"]
    assert {(one.named, one.trust_ad, one.transport) for one in configured.servers} == {(False, True, Transport.UDP)}
    assert (configured.timeout, configured.attempts) == (30, 1)


def test_resolv_conf_over_tcp(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.2\noptions use-vc\n")
    [one] = read_resolv_conf(file).servers
    assert (one.transport, one.trust_ad, one.near) == (Transport.TCP, False, False)


@pytest.mark.parametrize("text", [None, "", "search example.org\n"])
def test_without_a_word_the_loopback_interface_is_asked(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "resolv.conf"
    if text is not None:
        file.write_text(text)
    configured = read_resolv_conf(file)
    assert [str(one) for one in configured.servers] == ["127.0.0.1:53"]
    assert (configured.timeout, configured.attempts) == (None, None)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is a directory"):
        read_resolv_conf(tmp_path)
