"""Every known sender, with every kind of destination that matters: undisturbed, stripped, forged."""

import re

import pytest

from starttls.policy.outcomes import outcomes
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Confidence, Outcome, Sender
from starttls.policy.sts import Learned
from starttls.resolve.destination import destination
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import PLAIN, SIGNED, learned, unsigned

LETTERS = {
    "V": Outcome.VERIFIED,
    "E": Outcome.ENCRYPTED,
    "C": Outcome.CLEAR,
    "d": Outcome.DEFERS,
    "R": Outcome.REJECTS,
    "?": Outcome.UNKNOWN,
}

ENFORCED, TESTED = learned("enforce", "mx.example.org"), learned("testing", "mx.example.org")
PARTIAL = SIGNED + "example.org. MX 99 backup.example.org.\nbackup.example.org. A 192.0.2.2\n"
UNUSABLE = PLAIN + "_25._tcp.mx.example.org. TLSA 0 1 1 " + 32 * "ab"
BOGUS = PLAIN + "_25._tcp.mx.example.org. TLSA ; bogus"

WORLDS: dict[str, tuple[FakeWorld, Learned | None]] = {
    "plain": (unsigned(PLAIN), None),
    "dane": (FakeWorld.parse(SIGNED), None),
    "partial": (FakeWorld.parse(PARTIAL), None),  # DANE on one MX of two
    "unusable": (FakeWorld.parse(UNUSABLE), None),  # TLSA records that mean nothing for SMTP
    "bogus": (FakeWorld.parse(BOGUS), None),  # TLSA forged
    "sts": (unsigned(PLAIN), ENFORCED),
    "testing": (unsigned(PLAIN), TESTED),
    "both": (FakeWorld.parse(SIGNED), ENFORCED),
    "bogus+sts": (FakeWorld.parse(BOGUS), ENFORCED),  # does MTA-STS rescue it?
    "null": (FakeWorld.parse("example.org. MX 0 ."), None),
}

TABLE = """
                                             plain  dane  partial  unusable  bogus  sts  testing  both  bogus+sts  null
starttls                                     EdE    Vdd   VdE      EdE       ddd    Vdd  EdE      Vdd   ddd        RRR
Gmail                                        ECE    ECE   ECE      ECE       ECE    Vdd  ECE      Vdd   Vdd        RRR
Microsoft 365                                ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
Yahoo                                        ECE    ???   ?CE      E?E       ???    ???  ECE      ???   ???        RRR
Comcast                                      E?E    ???   ??E      E?E       ???    ???  E?E      ???   ???        RRR
Proton                                       E?E    Vdd   V?E      EdE       ddd    ???  E?E      Vdd   ddd        RRR
GMX and web.de                               E?E    ???   ??E      E?E       ???    ???  E?E      ???   ???        RRR
mailbox.org                                  E?E    ???   ??E      E?E       ???    ???  E?E      ???   ???        RRR
Posteo                                       E?E    ???   ??E      E?E       ???    ???  E?E      ???   ???        RRR
Exim                                         ECE    Vdd   VCE      ddd       ddd    ECE  ECE      Vdd   ddd        RRR
mox                                          ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
Stalwart                                     ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
maddy                                        EdE    Vdd   VdE      ddd       ddd    Vdd  EdE      Vdd   ddd        RRR
Haraka                                       ECE    ECE   ECE      ECE       ECE    ECE  ECE      ECE   ECE        RRR
Postfix may                                  ECE    ECE   ECE      ECE       ECE    ECE  ECE      ECE   ECE        RRR
Postfix encrypt                              EdE    EdE   EdE      EdE       EdE    EdE  EdE      EdE   EdE        RRR
Postfix dane                                 ECE    Vdd   VCE      EdE       ddd    ECE  ECE      Vdd   ddd        RRR
Postfix dane-only                            ddd    Vdd   Vdd      ddd       ddd    ddd  ddd      Vdd   ddd        RRR
Postfix secure                               ?dd    ?dd   ?dd      ?dd       ?dd    ?dd  ?dd      ?dd   ?dd        RRR
Postfix may, postfix-mta-sts-resolver        ECE    ECE   ECE      ECE       ECE    Vdd  ECE      Vdd   Vdd        RRR
Postfix encrypt, postfix-mta-sts-resolver    EdE    EdE   EdE      EdE       EdE    Vdd  EdE      Vdd   Vdd        RRR
Postfix dane, postfix-mta-sts-resolver       ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   Vdd        RRR
Postfix dane-only, postfix-mta-sts-resolver  ddd    Vdd   Vdd      ddd       ddd    Vdd  ddd      Vdd   Vdd        RRR
Postfix secure, postfix-mta-sts-resolver     ?dd    ?dd   ?dd      ?dd       ?dd    Vdd  ?dd      Vdd   Vdd        RRR
Postfix may, postfix-tlspol                  ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
Postfix encrypt, postfix-tlspol              EdE    Vdd   VCE      EdE       ddd    Vdd  EdE      Vdd   ddd        RRR
Postfix dane, postfix-tlspol                 ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
Postfix dane-only, postfix-tlspol            ddd    Vdd   VCE      EdE       ddd    Vdd  ddd      Vdd   ddd        RRR
Postfix secure, postfix-tlspol               ?dd    Vdd   VCE      EdE       ddd    Vdd  ?dd      Vdd   ddd        RRR
mailcow                                      ECE    Vdd   VCE      EdE       ddd    Vdd  ECE      Vdd   ddd        RRR
Mail-in-a-Box                                ECE    Vdd   VCE      EdE       ddd    ECE  ECE      Vdd   ddd        RRR
Mailu                                        ECE    Vdd   VCE      EdE       ddd    Vdd  Vdd      Vdd   Vdd        RRR
docker-mailserver                            ECE    ECE   ECE      ECE       ECE    ECE  ECE      ECE   ECE        RRR
"""


def rows() -> dict[str, dict[str, str]]:
    head, *lines = TABLE.strip("\n").splitlines()
    worlds = head.split()
    found = {}
    for line in lines:
        name, *cells = re.split(r" {2,}", line.strip())
        found[name] = dict(zip(worlds, cells, strict=True))
    return found


EXPECTED = rows()


def test_the_table_has_every_sender_and_every_world() -> None:
    assert list(EXPECTED) == [sender.name for sender in SENDERS]
    assert all(list(row) == list(WORLDS) for row in EXPECTED.values())


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
@pytest.mark.parametrize("world", WORLDS)
async def test_what_becomes_of_the_mail(sender: Sender, world: str) -> None:
    resolver, sts = WORLDS[world]
    found = outcomes(sender, await destination("example.org", resolver), sts)
    normal, stripped, forged = (LETTERS[letter] for letter in EXPECTED[sender.name][world])
    assert (found.normal, found.stripped, found.forged) == (normal, stripped, forged)


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_everybody_says_where_it_is_from(sender: Sender) -> None:
    assert sender.sources
    assert all(source and "\n" not in source for source in sender.sources)
    unknown = "unknown" in {sender.dane, sender.sts, sender.floor}
    assert not (unknown and sender.confidence is Confidence.DOCUMENTED)


def test_names_are_unique() -> None:
    assert len({sender.name.lower() for sender in SENDERS}) == len(SENDERS)
