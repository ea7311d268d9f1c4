"""OpenLDAP slapd (GnuTLS): LDAP with StartTLS and LDAPS, with an ECDSA certificate."""

import trustme

from tests.interop.servers.service import Launch, Offer, Place, Server

SUFFIX = "dc=interop,dc=test"
ROOT = f"cn=admin,{SUFFIX}"
PASSWORD = "correct-horse"

_CONF = """\
include /etc/ldap/schema/core.schema
pidfile {folder}/slapd.pid
TLSCertificateFile {chain}
TLSCertificateKeyFile {key}
TLSCACertificateFile {issuers}
# A password that is sent without TLS is refused.
security simple_bind=128
database ldif
suffix "{suffix}"
rootdn "{root}"
rootpw {password}
directory {folder}/data
"""


def prepare(place: Place) -> Launch:
    """Write slapd.conf; the directory holds nothing but its root DSE and schema."""
    made = place.certify(trustme.KeyType.ECDSA)
    place.make_folder("data")
    text = _CONF.format(
        folder=place.folder,
        chain=made.chain,
        key=made.key,
        issuers=made.issuers,
        suffix=SUFFIX,
        root=ROOT,
        password=PASSWORD,
    )
    listeners = f"ldap://{place.address}:389/ ldaps://{place.address}:636/"
    # Any debug level keeps it in the foreground.
    return Launch(command=("slapd", "-f", place.write("slapd.conf", text), "-h", listeners, "-d", "config,stats"))


OPENLDAP = Server(
    name="openldap",
    octet=6,
    offers=(
        Offer("openldap", "ldap", "ldap", 389),
        Offer("openldap", "ldaps", "ldap", 636, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/sbin/slapd",),
)
