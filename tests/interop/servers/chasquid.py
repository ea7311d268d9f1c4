"""Chasquid (the TLS of Go): SMTP, submission and implicit-TLS submission, with an ECDSA certificate."""

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.service import Launch, Offer, Place, Server

_CONF = """\
hostname: "{name}"
smtp_address: "{address}:25"
submission_address: "{address}:587"
submission_over_tls_address: "{address}:465"
data_dir: "{folder}/data"
mail_log_path: "<stderr>"
mail_delivery_agent_bin: "/bin/false"
"""


def prepare(place: Place) -> Launch:
    """Write one configuration file, and the certificate where it looks for it."""
    made = place.certify(trustme.KeyType.ECDSA)
    for name in ("data", "domains", f"domains/{NAME}", "certs", f"certs/{NAME}"):
        place.make_folder(name)
    place.write(f"certs/{NAME}/fullchain.pem", made.chain.read_text())
    place.write(f"certs/{NAME}/privkey.pem", made.key.read_text(), mode=0o600)
    place.write("chasquid.conf", _CONF.format(name=NAME, address=place.address, folder=place.folder))
    return Launch(command=("chasquid", f"-config_dir={place.folder}"))


CHASQUID = Server(
    name="chasquid",
    octet=16,
    offers=(
        Offer("chasquid", "smtp", "smtp", 25),
        Offer("chasquid", "submission", "smtp", 587),
        Offer("chasquid", "submissions", "smtp", 465, implicit=True),
    ),
    prepare=prepare,
    programs=("/usr/bin/chasquid",),
)
