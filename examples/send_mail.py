"""Send a mail over a verified STARTTLS connection, blocking.

    python examples/send_mail.py smtp://mail.example.org from@example.org to@example.org < message.txt

The message is read from stdin; where the server refuses something, its words are the last that is printed.
"""

import sys

from starttls import sync


def command(stream: sync.Stream, line: str, expected: str) -> None:
    """One command and its reply, of one line or many."""
    stream.write(f"{line}\r\n".encode())
    while (reply := stream.readline().decode("ascii", "replace"))[3:4] == "-":
        pass
    if not reply.startswith(expected):
        sys.exit(f"{line}: {reply.rstrip()}")


def deliver(stream: sync.Stream, sender: str, recipient: str, message: str) -> None:
    """What was said before TLS is forgotten (RFC 3207 §4.2), so the conversation begins with EHLO again."""
    command(stream, "EHLO client.example.org", "250")
    command(stream, f"MAIL FROM:<{sender}>", "250")
    command(stream, f"RCPT TO:<{recipient}>", "250")
    command(stream, "DATA", "354")
    for line in message.splitlines():
        stream.write((("." if line.startswith(".") else "") + line + "\r\n").encode())
    command(stream, ".", "250")
    command(stream, "QUIT", "221")


def main(url: str, sender: str, recipient: str) -> None:
    """Connect, verified or not at all, and hand over the mail."""
    with sync.connect(url) as stream:
        deliver(stream, sender, recipient, sys.stdin.read())


if __name__ == "__main__":
    main(*sys.argv[1:])
