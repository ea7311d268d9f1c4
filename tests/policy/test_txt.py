import pytest

from starttls.policy.answer import TXT, Answer, Question, Status
from starttls.policy.txt import Malformed, announcing, fields, split, unusable

V = b"v=STSv1"


def answer(status: Status, reason: str = "") -> Answer:
    return Answer(question=Question("_mta-sts.example.org", "TXT"), status=status, reason=reason)


@pytest.mark.parametrize("status", [Status.SECURE, Status.INSECURE])
def test_a_signed_or_an_unsigned_answer_may_be_used(status: Status) -> None:
    assert unusable(answer(status)) is None


def test_a_failed_lookup_says_why() -> None:
    assert unusable(answer(Status.BOGUS)) == "DNS: _mta-sts.example.org TXT is bogus"
    words = "DNS: _mta-sts.example.org TXT is indeterminate: no answer in time"
    assert unusable(answer(Status.INDETERMINATE, "no answer in time")) == words


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (b"v=STSv1; id=1", True),
        (b"v=STSv1;id=1", True),
        (b"v=STSv1 ; id=1", True),  # sts-field-delim = *WSP ";" *WSP
        (b"v=STSv1\t;", True),
        (b"v=STSv1", True),
        (b"v=STSv1 ", True),
        (b"v=STSv12; id=1", False),
        (b"v=STSv1 id=1", False),
        (b"v=STSv1, id=1", False),
        (b"V=STSv1; id=1", False),
        (b"v=stsv1; id=1", False),
        (b"v = STSv1; id=1", False),
        (b" v=STSv1; id=1", False),
        (b"id=1; v=STSv1;", False),
        (b"v=STSv1\n; id=1", False),
        (b"v=spf1 -all", False),
        (b"", False),
    ],
)
def test_records_are_told_by_how_they_begin(text: bytes, begins: bool) -> None:
    assert announcing([TXT((text,))], V) == ([text] if begins else [])


def test_strings_are_joined_without_a_space() -> None:
    assert announcing([TXT((b"v=ST", b"Sv1; i", b"d=1"))], V) == [b"v=STSv1; id=1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"v=STSv1; id=1", [(b"id", b"1")]),
        (b"v=STSv1;id=1;", [(b"id", b"1")]),
        (b"v=STSv1 \t;\t id=1 ; ", [(b"id", b"1")]),
        (b"v=STSv1; a.b-c_d=!:<~; id=1", [(b"a.b-c_d", b"!:<~"), (b"id", b"1")]),
        (b"v=STSv1; " + b"a" * 32 + b"=1", [(b"a" * 32, b"1")]),
        (b"v=STSv1; 0=" + b"1" * 60000, [(b"0", b"1" * 60000)]),
    ],
)
def test_fields(text: bytes, found: list[tuple[bytes, bytes]]) -> None:
    assert fields(text, V) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"v=STSv1", "the record has nothing behind 'v=STSv1'"),
        (b"v=STSv1;", "the record has nothing behind 'v=STSv1'"),
        (b"v=STSv1 ; \t", "the record has nothing behind 'v=STSv1'"),
        (b"v=STSv1;;", "field 1 of the record is not 'name=value': ''"),
        (b"v=STSv1;; id=1", "field 1 of the record is not 'name=value': ''"),
        (b"v=STSv1; id=1;;", "field 2 of the record is not 'name=value': ''"),
        (b"v=STSv1; id", "field 1 of the record is not 'name=value': 'id'"),
        (b"v=STSv1; id=", "field 1 of the record is not 'name=value': 'id='"),
        (b"v=STSv1; =1", "field 1 of the record is not 'name=value': '=1'"),
        (b"v=STSv1; id =1", "field 1 of the record is not 'name=value': 'id =1'"),
        (b"v=STSv1; id= 1", "field 1 of the record is not 'name=value': 'id= 1'"),
        (b"v=STSv1; id=1 ", "field 1 of the record is not 'name=value': 'id=1 '"),  # no whitespace at the end
        (b"v=STSv1; id=1; a=b=c", "field 2 of the record is not 'name=value': 'a=b=c'"),
        (b"v=STSv1; id=1; _a=1", "field 2 of the record is not 'name=value': '_a=1'"),
        (b"v=STSv1; id=1; " + b"a" * 33 + b"=1", f"field 2 of the record is not 'name=value': '{'a' * 33}=1'"),
        (b"v=STSv1; id=1; a=\xc3\xbc", "field 2 of the record is not 'name=value': 'a=\\xc3\\xbc'"),
        (b"v=STSv1; id=1; a=\x00", "field 2 of the record is not 'name=value': 'a=\\x00'"),
        (b"v=STSv1\n; id=1", "the record does not begin with 'v=STSv1;'"),
        (b" v=STSv1; id=1", "the record does not begin with 'v=STSv1;'"),
        (b"", "the record does not begin with 'v=STSv1;'"),
    ],
)
def test_what_is_no_record(text: bytes, complaint: str) -> None:
    with pytest.raises(Malformed) as caught:
        fields(text, V)
    assert str(caught.value) == complaint


def test_a_records_own_field_has_its_own_grammar() -> None:
    assert fields(b"v=STSv1; rua=a=b, c", V, b"rua") == [(b"rua", b"a=b, c")]
    with pytest.raises(Malformed):
        fields(b"v=STSv1; other=a=b, c", V, b"rua")


def test_whitespace_belongs_to_delimiters_alone() -> None:
    assert split(b" a , b,c\t", b",") == [b" a", b"b", b"c\t"]
    assert split(b" a ", b",") == [b" a "]
    assert split(b"", b",") == [b""]
