"""Bring a mail to a domain's own mail hosts, as a mail server does: under DANE or MTA-STS where the domain has them.

    python examples/mail_to_a_domain.py from@example.net to@example.org < message.txt

The recipient's domain says where the mail goes, and what each host there must prove. Where no host does, the mail must
wait: the last line that is printed says why, for each. A resolver and a port may follow, for laboratories.
"""

import sys

from send_mail import deliver

from starttls import NoMail, StartTLSError, sync


def main(sender: str, recipient: str, resolver: str | None = None, port: str = "25") -> None:
    """Find the host, prove it, hand over the mail; say what the connection was worth."""
    domain = recipient.rpartition("@")[2]
    try:
        stream = sync.connect_mx(domain, resolver=resolver, port=int(port))
    except NoMail as error:
        sys.exit(f"the mail goes back: {error}")
    except StartTLSError as error:
        sys.exit(f"the mail waits: {error}")
    with stream:
        deliver(stream, sender, recipient, sys.stdin.read())
        print(f"delivered to {stream.host}, {stream.level}")
        for reason in stream.decision.reasons if stream.decision else ():
            print(f"    {reason.text} ({reason.reference})")


if __name__ == "__main__":
    main(*sys.argv[1:])
