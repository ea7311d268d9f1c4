"""A path from a server's certificate to an authority that is trusted beforehand (RFC 5280 §6).

`cryptography.x509.verification` builds it. It is made for public authorities, and their rules (CA/Browser Forum) ask
for more than RFC 5280 does; a private authority that a zone vouches for need not keep them. Here is asked for:

- every certificate is within its dates, the anchor too, and its signature is good;
- an authority says that it is one (basicConstraints), with room for the path below it; if it says what its key is for,
  then signing certificates, and if for what purposes, then servers or any;
- names are within the name constraints above them;
- the server's certificate, if it says so, is for servers, and its key for what TLS does with it.

Not asked for: key identifiers, keyUsage, extendedKeyUsage, a server's certificate that denies being an authority's
(``openssl req -x509`` writes the contrary). Of OpenSSL's DANE it differs where the primitive cannot do otherwise, and
then takes less: keys of authorities are RSA of 2048 bits or more, P-256, P-384 or P-521, signatures are with SHA-256,
-384 or -512, certificates have version 3, paths 8 authorities between the ends, critical extensions beside those above
are refused. Serial numbers are above 0. And it tries at most 128 signatures, whatever a chain is made of.
"""

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from starttls.core.errors import CertificateRejected
from starttls.grammar import ber
from starttls.policy import der
from starttls.tls.certificate import read_certificate, shown
from starttls.tls.names import ServerIdentity

__all__ = ["Path", "build", "check_names", "is_certificate", "is_key", "issued", "subject_of"]

_BIT_STRING = 0x03

MOST = 100
"""Certificates of a chain, and guesses at the name that a bare key belongs to: what is beyond is not looked at."""

_NAMES_SHOWN = 5

_SERVER, _ANY = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


@dataclass(frozen=True, slots=True)
class Path:
    """From the server's certificate up, DER. ``key`` is the anchor above the last (SPKI), where that is a bare key."""

    certificates: tuple[bytes, ...]
    key: bytes | None = None


def is_certificate(data: bytes) -> bool:
    """Is it one certificate (DER), and nothing else?"""
    return _load(data) is not None


def is_key(data: bytes) -> bool:
    """Is it one SubjectPublicKeyInfo (DER), of a kind of key that is known, and nothing else?"""
    try:
        load_der_public_key(data)
        (_, content), *more = ber.elements(data)
        inside = [tag for tag, _ in ber.elements(content)]
    except Exception:  # noqa: BLE001 - a parser of somebody else's, on bytes of the DNS
        return False
    return not more and inside == [ber.SEQUENCE, _BIT_STRING]  # and not PKCS #1, which is a key without its algorithm


def subject_of(certificate: bytes) -> str | None:
    """The name of whom a certificate (DER) is for, to be shown; None where it cannot be read."""
    found = _load(certificate)
    return _subject(found) if found is not None else None


def issued(certificate: bytes, authority: bytes) -> bool:
    """Did the key of ``authority`` sign ``certificate`` (both DER), in its name?"""
    one, by = _load(certificate), _load(authority)
    return one is not None and by is not None and _issued(one, by)


def build(chain: Sequence[bytes], *, now: datetime, anchors: Iterable[bytes] = (), keys: Iterable[bytes] = ()) -> Path:
    """A path from ``chain[0]`` by way of the rest of ``chain`` to one of ``anchors`` (DER) or of ``keys`` (SPKI, DER).

    It ends at the first anchor that it meets: what is above does not count. Raises `CertificateRejected`, with the
    reason.
    """
    leaf = _load(chain[0])
    if leaf is None:
        raise CertificateRejected("the certificate cannot be read", chain=tuple(chain))
    # What signed itself leads nowhere else; the primitive would go round in it.
    between = {one: data for one, data in _loaded(chain[1:MOST]).items() if not _issued(one, one)}
    bare, trusted = _bare(chain[:MOST], keys), _loaded(anchors)
    if not trusted and not bare:
        raise CertificateRejected(_NO_PATH, chain=tuple(chain))
    try:
        found = _verified(leaf, list(between), [*trusted, *bare], now)
    except _Refused as refused:
        # A key that does not fit is none of the chain's faults.
        reason = _NO_PATH if bare and str(refused) == _WRONG_SIGNATURE else str(refused)
        raise CertificateRejected(reason, chain=tuple(chain)) from None
    octets = {**bare, **between, **trusted, leaf: chain[0]}
    path = tuple(octets[certificate] for certificate in found)
    return Path(path[:-1], der.public_key(path[-1])) if found[-1] in bare else Path(path)


def _load(data: bytes) -> x509.Certificate | None:
    # A serial number of 0 or less: the parser warns of it on stderr, at a peer's wish, and is to refuse it one day.
    if not der.numbered(data):
        return None
    try:
        certificate = x509.load_der_x509_certificate(data)
        # A signature is whole octets: the parser lets one leave out bits at its end, and two certificates would be one.
        return None if data[-len(certificate.signature) - 1] else certificate
    except Exception:  # noqa: BLE001 - a parser of somebody else's, on a peer's bytes
        return None


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except Exception:  # noqa: BLE001 - another's, or broken, or of a kind that is not known
        return False
    return True


def _loaded(certificates: Iterable[bytes]) -> dict[x509.Certificate, bytes]:
    """What can be read, with its octets."""
    return {certificate: data for data in certificates if (certificate := _load(data)) is not None}


def _bare(chain: Sequence[bytes], keys: Iterable[bytes]) -> dict[x509.Certificate, bytes]:
    """Each key under each name that is said to have issued something: which of them is true, its signature proves."""
    issuers = dict.fromkeys(name for certificate in chain if (name := der.issuer(certificate)) is not None)
    guesses = itertools.product(keys, issuers)
    return _loaded(der.anchor(name, key) for key, name in itertools.islice(guesses, MOST))


# --- the primitive, and what it is asked for -------------------------------------------------------


class _Refused(Exception):
    """There is no path. The text is the reason."""


def _verified(
    leaf: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate], now: datetime
) -> list[x509.Certificate]:
    refusals: list[str] = []
    # What it calls a client is a peer whose names it leaves to the caller; the purpose is asked for in `_server`.
    verifier = (
        PolicyBuilder()
        .store(Store(trusted))
        .time(now)
        .extension_policies(ca_policy=_authorities(refusals), ee_policy=_server(refusals))
        .build_client_verifier()
    )
    try:
        return verifier.verify(leaf, between).chain
    except VerificationError as error:
        words = str(error)
    except Exception as error:  # noqa: BLE001 - it reads lazily: what is broken inside may come to light here
        words = str(error)
    if _OUT_OF_DATE in words:
        raise _Refused(_dates(leaf, between, trusted, now))
    if _OURS in words:
        raise _Refused(refusals[-1])
    raise _Refused(next((ours for theirs, ours in _REASONS.items() if theirs in words), shown(words)))


def _authorities(refusals: list[str]) -> ExtensionPolicy:
    """For authorities: those above and those between."""

    def usage(_: Policy, certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
        if found is not None and not found.key_cert_sign:
            _refuse(refusals, f"the key of an issuer ({_subject(certificate)}) is not for signing certificates")

    def purpose(_: Policy, certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
        if found is not None and _SERVER not in found and _ANY not in found:
            _refuse(refusals, f"an issuer ({_subject(certificate)}) is not for servers")

    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)  # and cA, which it looks at by itself
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, usage)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, purpose)
    )


def _server(refusals: list[str]) -> ExtensionPolicy:
    """For the server's own certificate."""

    def usage(_: Policy, __: x509.Certificate, found: x509.KeyUsage | None) -> None:
        if found is not None and not (found.digital_signature or found.key_encipherment or found.key_agreement):
            _refuse(refusals, "the certificate's key is not for TLS")

    def purpose(_: Policy, __: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
        if found is not None and _SERVER not in found:
            _refuse(refusals, "the certificate is not for servers")

    return (
        ExtensionPolicy.permit_all()
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, usage)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, purpose)
    )


def _refuse(refusals: list[str], reason: str) -> None:
    refusals.append(reason)
    raise ValueError(reason)  # its text would be wrapped in words of the primitive's


def _subject(certificate: x509.Certificate) -> str:
    try:
        return shown(certificate.subject.rfc4514_string())
    except ValueError:
        return "a name that cannot be read"


# --- reasons ---------------------------------------------------------------------------------------

_OUT_OF_DATE = "not valid at validation time"
_OURS = "Python extension validator failed"

_NO_PATH = "no path leads to a trusted authority"
_WRONG_SIGNATURE = "a signature in the chain is wrong"

# What the primitive says, and we; a test has each of them.
_REASONS = {
    "no interior errors": _NO_PATH,
    "basicConstraints": "an issuer in the chain is no authority",
    "path length": "the chain is longer than an authority in it allows",
    "max depth": "the chain is too long",
    "signature check limit": "the chain has too many possible issuers",
    "name constraint check limit": "an authority in the chain has too many name constraints",
    "directoryName": "an authority in the chain has name constraints of an unknown kind",
    "ame constraint": "an authority in the chain must not issue for this name",
    "signature does not match": _WRONG_SIGNATURE,
    "Forbidden public key": "an issuer has a key of a kind that is not taken",
    "Forbidden signature": "a signature in the chain is of a kind that is not taken",
    "too weak": "an issuer's key is too short",
    "critical extensions": "a certificate in the chain has a critical extension that is not known",
    "X509v3": "a certificate in the chain is not of version 3",
}


def _dates(
    leaf: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate], now: datetime
) -> str:
    with contextlib.suppress(ValueError):  # names are read now, and may be broken
        issuers = {one.issuer for one in (leaf, *between)}
        for one in (leaf, *between, *(anchor for anchor in trusted if anchor.subject in issuers)):
            whose = "certificate" if one is leaf else f"issuer's certificate ({_subject(one)})"
            if one.not_valid_after_utc < now:
                return f"the {whose} expired on {one.not_valid_after_utc:%Y-%m-%d}"
            if one.not_valid_before_utc > now:
                return f"the {whose} is not valid before {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return "a certificate in the chain is out of date"


def check_names(certificate: bytes, names: Sequence[ServerIdentity]) -> None:
    """Raise `CertificateRejected` where ``certificate`` is for none of ``names``.

    Its common name does not count, not even where it has no other (RFC 9525 §2): OpenSSL and Postfix take that one.
    """
    found = read_certificate(certificate)
    if any(name.matches(found.alternative) for name in names):
        return
    more = f" and {len(found.names) - _NAMES_SHOWN} more" if len(found.names) > _NAMES_SHOWN else ""
    whom = f"{', '.join(found.names[:_NAMES_SHOWN])}{more}" if found.names else "no name"
    wanted = " or ".join(name.host for name in names) or "any"
    raise CertificateRejected(f"the certificate is for {whom}, not {wanted}", chain=(certificate,))
