"""Drive the sans-I/O `Connection` on somebody else's event loop: here, a bare `selectors` loop.

    python examples/selectors_loop.py mail.example.org 25

The whole integration is: give it what came, send what it wants sent, look at its phase.
"""

import secrets
import selectors
import socket
import sys

from starttls.core.facts import ClientSetup
from starttls.protocols.smtp import SMTP
from starttls.tls.connection import Connection, Phase
from starttls.tls.contexts import client_context
from starttls.tls.session import TLSSession


def main(host: str, port: int, ca_file: str | None = None) -> None:
    """Upgrade, say EHLO inside TLS, print the answer."""
    context = client_context(ca_file=ca_file)
    setup = ClientSetup(entropy=secrets.token_bytes(16), host=host, me="client.example.org")
    connection = Connection.client(SMTP, setup, lambda proof: TLSSession.client(proof, context, host))
    sock = socket.create_connection((host, port), timeout=10)
    selector = selectors.DefaultSelector()
    selector.register(sock, selectors.EVENT_READ)
    said_hello = False
    while not connection.error:
        sock.sendall(connection.data_to_send())
        if connection.phase is Phase.OPEN and not said_hello:
            connection.send(b"EHLO client.example.org\r\n")
            said_hello = True
            continue
        if answer := connection.read():
            print(answer.decode())
            break
        selector.select(timeout=10)
        connection.receive_data(sock.recv(65536))
    sock.sendall(connection.data_to_send())
    sock.close()
    if connection.error:
        sys.exit(str(connection.error))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
