import msgspec

from starttls.check.prospect import Prospect
from starttls.resolve.fake import FakeWorld
from tests.check.test_examine import seen
from tests.policy.mail import SIGNED


def test_its_json_has_the_names_that_others_build_on() -> None:
    document = msgspec.to_builtins(seen(FakeWorld.parse(SIGNED)))
    assert list(document)[:7] == ["domain", "dnssec", "mx", "mta_sts", "tls_rpt", "senders", "downgradable"]
    (host,) = document["mx"]
    assert list(host)[:5] == ["host", "preference", "dnssec", "tlsa", "decision"]
    assert list(host["tlsa"][0])[:5] == ["usage", "selector", "mtype", "data", "usable"]
    assert list(host["decision"]) == ["action", "names", "sni", "reasons"]
    assert list(host["decision"]["reasons"][0]) == ["text", "reference"]
    assert list(document["mta_sts"]) == ["state", "mode", "mx", "max_age", "id", "errors"]
    assert list(document["senders"][0]) == ["name", "normal", "stripped", "forged", "source", "confidence"]


def test_it_reads_back() -> None:
    prospect = seen(FakeWorld.parse(SIGNED))
    assert msgspec.json.decode(msgspec.json.encode(prospect), type=Prospect) == prospect
