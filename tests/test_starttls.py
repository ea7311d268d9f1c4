"""The public names, pinned: whoever takes one away breaks somebody's program."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import starttls
from starttls.core import errors
from starttls.policy import errors as policy_errors

PUBLIC = set(
    """
    connect connect_mx connect_srv Client Stream listen Server sync
    Action Decision Reason DNSResolver FakeWorld PolicyFetcher Resolver
    Level Timeouts Target Upgrade TLSFacts CertificateFacts read_certificate
    Talk Transcript Side Wait Connection Phase TLSSession ImplicitTLS client_context server_context
    protocols Protocol Ports ClientSetup ServerSetup
    StartTLSError PeerError TLSError NetworkError Misuse BadConfig
    NotOffered NotRequested Refused Refusal Unexpected PrematureReply Preauthenticated TooLong ClosedEarly
    PlaintextAfterGoAhead HandshakeFailed CertificateRejected Truncated CannotResolve CannotConnect TimedOut
    PolicyError NotAuthentic DaneRequired DaneNoMatch NoMail NoService NoUsableMX
    RequireTLS StsCertificate StsFetchFailed StsInvalid StsMxMismatch BadReport
    __version__
""".split()  # noqa: SIM905 - read by people
)


def test_the_public_names_are_these() -> None:
    assert sorted(starttls.__all__) == sorted(PUBLIC)
    assert dir(starttls) == sorted(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(starttls, name) is getattr(starttls, name)


def test_every_error_is_public() -> None:
    assert {*errors.__all__, *policy_errors.__all__} <= set(starttls.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'starttls' has no attribute 'upgrade'"):
        starttls.upgrade  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    stub = ast.parse(Path(starttls.__file__ or "").with_suffix(".pyi").read_text())
    seen = {alias.name: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    homes = {name: f"starttls.{module}" for name, module in vars(starttls)["_HOME"].items()}
    assert seen == homes | {"protocols": "starttls", "sync": "starttls"}
    listed = [ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign)]
    assert listed == [sorted(PUBLIC)]


def test_a_star_gets_them_all() -> None:
    program = "from starttls import *; print(*sorted(set(dir()) & set(__import__('starttls').__all__)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == sorted(PUBLIC)
