"""A certificate authority that lives as long as one test session."""

from dataclasses import dataclass
from pathlib import Path

import trustme

NAME = "mail.interop.test"
"""The name that every server's certificate carries, next to the server's own address."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The files that a server needs to prove its name.

    `chain` is the leaf and the intermediate, as most servers want it. Some take them apart, as `leaf`
    and `issuers` (intermediate, then root).
    """

    chain: Path
    leaf: Path
    issuers: Path
    key: Path
    ca_file: Path


class Authority:
    """A root, and one intermediate that signs all servers: a client has to be sent the intermediate."""

    def __init__(self, folder: Path) -> None:
        self._root = trustme.CA(organization_name="starttls interop")
        self._intermediate = self._root.create_child_ca(trustme.KeyType.ECDSA)
        self._folder = folder
        self.ca_file = folder / "root.pem"
        _publish(self.ca_file, self._root.cert_pem.bytes())

    def issue(self, server: str, address: str, key: trustme.KeyType) -> Credentials:
        """Issue a certificate for NAME and for one address.

        The key can be read by root alone; a daemon that reads it as another user has to be given a copy.
        """
        issued = self._intermediate.issue_cert(NAME, address, key_type=key)
        parts = [blob.bytes() for blob in issued.cert_chain_pems]
        root = self._root.cert_pem.bytes()
        stem = f"{server}.{key.name.lower()}"
        made = Credentials(
            chain=self._folder / f"{stem}.chain.pem",
            leaf=self._folder / f"{stem}.leaf.pem",
            issuers=self._folder / f"{stem}.issuers.pem",
            key=self._folder / f"{stem}.key.pem",
            ca_file=self.ca_file,
        )
        _publish(made.chain, b"".join(parts))
        _publish(made.leaf, parts[0])
        _publish(made.issuers, b"".join(parts[1:]) + root)
        made.key.touch(mode=0o600)
        made.key.write_bytes(issued.private_key_pem.bytes())
        return made


def _publish(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)  # whatever the umask is: daemons read it as users of their own
