"""Prosody (OpenSSL, by LuaSec): XMPP for clients and for servers, STARTTLS and direct TLS, with an ECDSA key."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_USER = "prosody"

_CONF = """\
pidfile = "{folder}/data/prosody.pid"
data_path = "{folder}/data"
log = {{ info = "*stdout" }}
interfaces = {{ "{address}" }}
c2s_ports = {{ 5222 }}
s2s_ports = {{ 5269 }}
c2s_direct_tls_ports = {{ 5223 }}
s2s_direct_tls_ports = {{ 5270 }}
modules_enabled = {{ "saslauth", "tls", "disco", "dialback" }}
c2s_require_encryption = true
s2s_require_encryption = true
authentication = "internal_hashed"
ssl = {{ certificate = "{chain}", key = "{key}" }}
VirtualHost "{name}"
"""


def prepare(place: Place) -> Launch:
    """Write one configuration file; everything else goes below `data`."""
    made = place.certify(trustme.KeyType.ECDSA)
    place.make_folder("data", owner=_USER)
    text = _CONF.format(
        folder=place.folder,
        address=place.address,
        name=NAME,
        chain=made.chain,
        key=place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
    )
    return Launch(
        command=("prosody", "--config", place.write("prosody.cfg.lua", text), "-F"),
        user=_USER,
    )


PROSODY = Server(
    name="prosody",
    octet=7,
    offers=(
        Offer("prosody", "xmpp", "xmpp", 5222),
        Offer("prosody", "xmpp-server", "xmpp-server", 5269),
        Offer("prosody", "xmpps", "xmpp", 5223, implicit=True),
        Offer("prosody", "xmpps-server", "xmpp-server", 5270, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/bin/prosody",),
)
