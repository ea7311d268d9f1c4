"""Small, honest services inside TLS, so that there is something to talk to: SMTP, IMAP, POP3 and XMPP.

Each answers what a client asks first, refuses mail and logins in the words of its protocol, and says goodbye.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starttls.asyncio.stream import Stream

__all__ = ["Backend", "imap", "line", "pop3", "smtp", "xmpp"]

Backend: TypeAlias = Callable[[Stream], Awaitable[None]]

PATIENCE = 60.0
"""Seconds that a client may think about its next command."""
LIMIT = 8192


async def line(stream: Stream) -> bytes | None:
    """The next line of the client's without its end; None at the end, or after a silence of `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            data = await stream.readline(LIMIT)
    except TimeoutError:
        return None
    return data.rstrip(b"\r\n") if data else None


async def smtp(stream: Stream) -> None:
    """EHLO, NOOP, RSET, QUIT; mail is refused."""
    if stream.upgrade is None:  # RFC 5321 §3.1: the server speaks first, but not again after STARTTLS
        await stream.write(b"220 localhost ESMTP starttls lab\r\n")
    while (command := await line(stream)) is not None:
        match command.split(b" ")[0].upper():
            case b"EHLO":
                # RFC 3207 §4.2: STARTTLS must not be offered inside TLS
                await stream.write(b"250-localhost\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            case b"HELO":
                await stream.write(b"250 localhost\r\n")
            case b"NOOP" | b"RSET":
                await stream.write(b"250 2.0.0 OK\r\n")
            case b"MAIL":
                await stream.write(b"550 5.7.1 This is a demonstration: it takes no mail\r\n")
            case b"RCPT" | b"DATA":
                await stream.write(b"503 5.5.1 MAIL comes first\r\n")
            case b"QUIT":
                await stream.write(b"221 2.0.0 Bye\r\n")
                return
            case _:
                await stream.write(b"502 5.5.1 Not implemented\r\n")


async def imap(stream: Stream) -> None:
    """CAPABILITY, NOOP, LOGOUT; logins are refused."""
    if stream.upgrade is None:
        await stream.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] starttls lab\r\n")
    while (command := await line(stream)) is not None:
        tag, _, rest = command.partition(b" ")
        if not tag.isalnum():
            await stream.write(b"* BAD A command begins with a tag\r\n")
            continue
        match rest.split(b" ")[0].upper():
            case b"CAPABILITY":
                await stream.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%b OK Done\r\n" % tag)
            case b"NOOP":
                await stream.write(b"%b OK Done\r\n" % tag)
            case b"LOGIN" | b"AUTHENTICATE":
                await stream.write(b"%b NO [AUTHENTICATIONFAILED] This is a demonstration: nobody lives here\r\n" % tag)
            case b"LOGOUT":
                await stream.write(b"* BYE Goodbye\r\n%b OK Done\r\n" % tag)
                return
            case _:
                await stream.write(b"%b BAD Unknown, or not before a login\r\n" % tag)


async def pop3(stream: Stream) -> None:
    """CAPA, NOOP, QUIT; logins are refused."""
    if stream.upgrade is None:
        await stream.write(b"+OK starttls lab\r\n")
    while (command := await line(stream)) is not None:
        match command.split(b" ")[0].upper():
            case b"CAPA":
                await stream.write(b"+OK Capabilities follow\r\nUSER\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n")
            case b"USER":
                await stream.write(b"+OK Your password?\r\n")
            case b"PASS" | b"APOP" | b"AUTH":
                await stream.write(b"-ERR [AUTH] This is a demonstration: nobody lives here\r\n")
            case b"QUIT":
                await stream.write(b"+OK Bye\r\n")
                return
            case _:
                await stream.write(b"-ERR Unknown, or not before a login\r\n")


async def xmpp(stream: Stream) -> None:
    """A stream with its features, and its end; logins are refused."""
    while (tag := await _tag(stream)) is not None:
        if tag.startswith(b"<stream:stream"):
            # RFC 6120 §5.4.3.3: a new stream begins after TLS; its features do not offer starttls again
            await stream.write(
                b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost' id='inside' "
                b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'>"
                b"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                b"<mechanism>PLAIN</mechanism></mechanisms></stream:features>"
            )
        elif tag.startswith(b"<auth"):
            await stream.write(b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
        elif tag.startswith(b"</stream:stream"):
            await stream.write(b"</stream:stream>")
            return


async def _tag(stream: Stream) -> bytes | None:
    """The next tag of the client's, without what stands before it."""
    try:
        async with asyncio.timeout(PATIENCE):
            data = await stream.readuntil(b">", LIMIT)
    except TimeoutError:
        return None
    return data[data.rfind(b"<") :]
