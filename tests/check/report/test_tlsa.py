import json

from starttls.check.report.tlsa import Offer, json_text, record_lines, rollover_lines, zone_line
from starttls.policy.answer import TLSA
from starttls.policy.rollover import Rollover, State, records_for
from tests.interop.dane.case import CHAIN, SERVED
from tests.policy.paper import NOW, issue, record, server

DERS = tuple(paper.der for paper in CHAIN)
OWNER = "_25._tcp.mx.test"
ONE, TWO = record(3, 1, 1, SERVED), TLSA(3, 1, 1, bytes(32))
DAYS = f"{SERVED.certificate.not_valid_before_utc:%Y-%m-%d} to {SERVED.certificate.not_valid_after_utc:%Y-%m-%d}"


def test_a_line_of_a_zone() -> None:
    assert zone_line(OWNER, TWO) == f"_25._tcp.mx.test. IN TLSA 3 1 1 {'00' * 32}"


def test_each_record_for_each_name_says_of_what_it_is() -> None:
    offer = Offer(source="new.pem", chain=DERS, owners=(OWNER, "_25._tcp.b.test"), records=records_for(DERS))
    lines = list(record_lines(offer))
    assert lines[0] == f"; key of CN=server, {DAYS}"
    assert lines[3] == f"; key of CN=middle, {DAYS}"
    assert lines[1:3] == [zone_line(OWNER, ONE), zone_line("_25._tcp.b.test", ONE)]
    whole = Offer(source="", chain=DERS, owners=(OWNER,), records=records_for(DERS, [(3, 0, 1)]))
    assert next(record_lines(whole)).startswith("; certificate of CN=server")


def test_a_certificate_without_a_name_is_shown_by_those_it_is_for() -> None:
    nameless = issue("", None, *[one.value for one in server(None).certificate.extensions][:1], issuer_name="x")
    offer = Offer(source="", chain=(nameless.der,), owners=(OWNER,), records=records_for([nameless.der]))
    assert next(record_lines(offer)).startswith("; key of mail.example.org, ")
    nobody = issue("", None, issuer_name="x")
    offer = Offer(source="", chain=(nobody.der,), owners=(OWNER,), records=records_for([nobody.der]))
    assert next(record_lines(offer)).startswith("; key of nobody, ")


def test_a_name_cannot_end_the_comment() -> None:
    hostile = issue("a\n_25._tcp.mx.test. IN TLSA 3 1 1 00", None)
    offer = Offer(source="", chain=(hostile.der,), owners=(OWNER,), records=records_for([hostile.der]))
    assert "\n" not in "".join(record_lines(offer))


def rolled(state: State, **fields: object) -> Rollover:
    usual = {"host": "mx.test", "detail": "why", "owner": OWNER, "ttl": 60}
    return Rollover(state=state, **{**usual, **fields})  # type: ignore[arg-type]


def test_what_has_to_be_done() -> None:
    assert list(rollover_lines(rolled(State.READY))) == [
        "mx.test: it may be presented now: why",
        f"  at          {OWNER}, time to live 60 s",
    ]
    assert list(rollover_lines(rolled(State.PUBLISH, publish=(ONE,), remove=(TWO,), ready=NOW)))[2:] == [
        f"  publish     {zone_line(OWNER, ONE)}",
        f"  then wait   120 s: if it is published now, until {NOW:%Y-%m-%d %H:%M} UTC",
        f"  at the end  remove {zone_line(OWNER, TWO)}",
    ]
    assert list(rollover_lines(rolled(State.PUBLISH)))[2:] == [
        "  nothing that could be published helps: another certificate is needed, or its whole chain"
    ]
    assert next(rollover_lines(rolled(State.WAIT))) == "mx.test: not yet: why"
    assert list(rollover_lines(rolled(State.UNKNOWN, owner="", ttl=0))) == ["mx.test: it could not be told: why"]


def test_json() -> None:
    offer = Offer(source="new.pem", chain=DERS, owners=(OWNER,), records=(ONE,))
    document = json.loads(json_text(offer))
    assert document["rollover"] == []
    assert document["records"] == [{"usage": 3, "selector": 1, "mtype": 1, "data": ONE.data.hex()}]
    assert document["certificate"]["subject"] == "CN=server"
    found = [rolled(State.PUBLISH, publish=(ONE,), remove=(TWO,), ready=NOW), rolled(State.UNKNOWN, owner="", ttl=0)]
    first, second = json.loads(json_text(offer, found))["rollover"]
    assert (first["state"], first["ttl"], first["ready"]) == ("publish", 60, f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
    assert (second["state"], second["owner"], second["ttl"], second["ready"]) == ("unknown", None, None, None)
