"""The certificates that our server shows to real clients: a good one, and three that a client must refuse."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import trustme

__all__ = ["BAD", "Papers"]

GOOD = "good"
BAD = ("unknown-issuer", "wrong-name", "expired")
_NAMES = ("localhost", "127.0.0.1")
# Most clients read the names above alone; fetchmail refuses a certificate that has no CN, whatever else it has.
_CN = "localhost"


@dataclass(frozen=True, slots=True)
class Papers:
    """Files by kind: ``good.pem`` and ``good.key``, and so on; clients are told to trust ``ca_file`` alone."""

    folder: Path

    @classmethod
    def issue(cls, folder: Path) -> "Papers":
        """Make them all. An intermediate signs, so a client that verifies has got the chain from our server."""
        root, stranger = trustme.CA(organization_name="starttls interop"), trustme.CA()
        papers = cls(folder)
        root.cert_pem.write_to_path(papers.ca_file)
        issuer = root.create_child_ca()
        ended = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        begun = ended - dt.timedelta(days=9)
        for kind, issued in (
            (GOOD, issuer.issue_cert(*_NAMES, common_name=_CN)),
            ("unknown-issuer", stranger.issue_cert(*_NAMES, common_name=_CN)),
            ("wrong-name", issuer.issue_cert("elsewhere.test", common_name="elsewhere.test")),
            ("expired", issuer.issue_cert(*_NAMES, common_name=_CN, not_before=begun, not_after=ended)),
        ):
            papers.certificate(kind).write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
            papers.key(kind).touch(mode=0o600)
            papers.key(kind).write_bytes(issued.private_key_pem.bytes())
        return papers

    @property
    def ca_file(self) -> Path:
        """The root that clients trust."""
        return self.folder / "root.pem"

    def certificate(self, kind: str) -> Path:
        """A certificate and its chain."""
        return self.folder / f"{kind}.pem"

    def key(self, kind: str) -> Path:
        """The key of a certificate."""
        return self.folder / f"{kind}.key"
