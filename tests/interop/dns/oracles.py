"""What others say of an answer: unbound by its AD bit, and delv, which validates by itself."""

import subprocess
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode

from starttls.policy.answer import Question, Status
from tests.interop.servers.daemon import plain_environment

__all__ = ["ask", "ask_delv", "ask_unbound"]

SECONDS = 20.0

# What delv writes above each part of an answer, and the weakest of it counts.
_SAYS = {
    "; fully validated": Status.SECURE,
    "; negative response, fully validated": Status.SECURE,
    "; unsigned answer": Status.INSECURE,
    "; negative response, unsigned answer": Status.INSECURE,
}
_FAILED = ";; resolution failed: "
# An answer, though it says that there is nothing.
_NOTHING = {"ncache nxdomain", "ncache nxrrset"}
_FORGED = {"broken trust chain", "RRSIG failed to verify", "no valid RRSIG", "no valid NSEC", "insecurity proof failed"}


def ask_unbound(address: str, question: Question) -> Status:
    """SECURE with the AD bit, INSECURE without; where it fails, BOGUS if it has the data when told not to check."""
    response = ask(address, question)
    if response.rcode() == dns.rcode.SERVFAIL:
        unchecked = ask(address, question, dns.flags.CD)
        return Status.BOGUS if unchecked.rcode() != dns.rcode.SERVFAIL else Status.INDETERMINATE
    return Status.SECURE if response.flags & dns.flags.AD else Status.INSECURE


def ask_delv(server: tuple[str, int], anchors: Path, question: Question) -> Status:
    """As delv, given our root's keys, validates what that server hands on."""
    address, port = server
    command = ["delv", f"@{address}", "-p", str(port), "-a", str(anchors), "+root=.", "+nosplit"]
    done = subprocess.run(
        [*command, "-q", question.name, "-t", question.rdtype],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=plain_environment(),
        check=False,
    )
    return _weakest((done.stderr + done.stdout).splitlines())


def ask(address: str, question: Question, flags: int = 0) -> dns.message.Message:
    """One question, with all that proves the answer."""
    query = dns.message.make_query(question.name, question.rdtype, use_edns=True, want_dnssec=True)
    query.flags |= flags
    response, _ = dns.query.udp_with_fallback(query, address, timeout=SECONDS)
    return response


def _weakest(lines: list[str]) -> Status:
    said = [status for line in lines if (status := _said(line)) is not None]
    assert said, lines
    worst = said[0]
    for status in said[1:]:
        worst = worst.weaker(status)
    return worst


def _said(line: str) -> Status | None:
    why = line.removeprefix(_FAILED)
    if why == line or why in _NOTHING:
        return _SAYS.get(line)
    return Status.BOGUS if why in _FORGED else Status.INDETERMINATE
