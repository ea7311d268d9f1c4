import hashlib

from starttls.tls.facts import TLSFacts
from tests.tls.pairs import Files, open_pair


def test_the_fingerprint_is_of_the_peer_s_own_certificate(files: Files) -> None:
    client, server = open_pair(files)
    assert client.facts is not None
    assert server.facts is not None
    assert client.facts.sha256 == hashlib.sha256(client.presented_chain[0]).hexdigest()
    assert server.facts.sha256 is None


def test_facts_print_without_the_certificates() -> None:
    facts = TLSFacts(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        group="x25519",
        alpn=None,
        resumed=False,
        verified=True,
        chain=(b"0" * 1000,),
    )
    assert len(repr(facts)) < 200
