"""Where somebody says otherwise than the RFCs or than most, and why. What stands here is tested as well."""

from collections.abc import Callable
from dataclasses import dataclass

from starttls.policy.answer import Question, Status
from tests.interop.dns.questions import expected, zone_of

__all__ = ["expected_of"]

OURS = frozenset({"validate by unbound", "validate by named"})
BY_UNBOUND = frozenset({"unbound", "ad"})
DELV = frozenset({"delv"})


@dataclass(frozen=True, slots=True)
class Difference:
    """``who`` says ``status`` where all others say what is expected."""

    who: frozenset[str]
    status: Status
    where: Callable[[Question], bool]
    reason: str


def _in(*zones: str) -> Callable[[Question], bool]:
    return lambda question: zone_of(question.name).name in zones


def _signed_way(question: Question) -> bool:
    return _in("nsec.test", "nsec3.test", "optout.test")(question)


def _missing_in_opt_out(question: Question) -> bool:
    return (
        zone_of(question.name).name == "optout.test"
        and expected(question) is Status.INSECURE
        and (
            question.name.split(".")[0] in {"nowhere", "dangling"}
            or question.name in {"a.b.nowhere.optout.test", "x.mail.optout.test"}
            or (".wild." in question.name and question.rdtype not in {"A", "TXT"})
        )
    )


DIFFERENCES = (
    Difference(
        OURS,
        Status.INSECURE,
        _in("rsasha1.test", "rsasha1-nsec3.test"),
        "RFC 9905 §2: signatures by SHA-1 no longer count here, unless it is asked for; unbound 1.17 and delv 9.18 "
        "know no such rule yet. With `Validator(sha1=True)` we agree.",
    ),
    Difference(
        BY_UNBOUND,
        Status.BOGUS,
        lambda question: (
            question.rdtype == "CNAME"
            and _signed_way(question)
            and question.name.startswith(("mail.tree.", "mail.far."))
        ),
        "Asked for the CNAME that a DNAME makes, unbound 1.17 looks for a signature over it, and there is none: "
        "RFC 6672 §5.3.1: it is the DNAME that is signed. Asked for any other type, it knows.",
    ),
    Difference(
        DELV,
        Status.INSECURE,
        lambda question: question.rdtype == "CNAME" and _signed_way(question) and question.name.startswith("mail.far."),
        "Asked for the CNAME that a DNAME makes, delv goes on and asks the target for a CNAME, which is not signed.",
    ),
    Difference(
        DELV,
        Status.SECURE,
        _missing_in_opt_out,
        "RFC 5155 §9.2: no AD bit where an opt-out record covers the next closer name. delv writes 'fully validated' "
        "of the proof all the same.",
    ),
    Difference(
        DELV,
        Status.SECURE,
        lambda question: _in("iterations.test")(question) and expected(question) is Status.INSECURE,
        "RFC 9276 §3.2 leaves the limit to the validator: ours and unbound's here is 100, delv takes 150.",
    ),
)


def expected_of(who: str, question: Question) -> Status:
    """What this one says."""
    for difference in DIFFERENCES:
        if who in difference.who and difference.where(question):
            return difference.status
    return expected(question)
