"""vsftpd (OpenSSL): FTP with AUTH TLS, and implicit FTPS by a second process, with an RSA certificate."""

from functools import partial

import trustme

from tests.interop.servers.service import Launch, Offer, Place, Server

_CONF = """\
background=NO
listen=YES
listen_address={address}
listen_port={port}
anonymous_enable=YES
anon_root={folder}/files
no_anon_password=YES
secure_chroot_dir={folder}/empty
ssl_enable=YES
implicit_ssl={implicit}
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
# Many clients do not resume their session on the data connection.
require_ssl_reuse=NO
rsa_cert_file={chain}
rsa_private_key_file={key}
max_per_ip=0
"""


def prepare(place: Place, *, port: int, implicit: bool) -> Launch:
    """Anonymous, read-only, and only over TLS; nothing here asks PAM."""
    made = place.certify(trustme.KeyType.RSA)
    place.make_folder("files")
    place.make_folder("empty")
    place.write("files/hello.txt", "hello\n")
    text = _CONF.format(
        folder=place.folder,
        address=place.address,
        port=port,
        implicit="YES" if implicit else "NO",
        chain=made.chain,
        key=made.key,
    )
    return Launch(command=("vsftpd", place.write("vsftpd.conf", text)))


VSFTPD = Server(
    name="vsftpd",
    octet=8,
    offers=(Offer("vsftpd", "ftp", "ftp", 21),),
    prepare=partial(prepare, port=21, implicit=False),
    programs=("/usr/sbin/vsftpd",),
)

VSFTPD_IMPLICIT = Server(
    name="vsftpd-implicit",
    octet=9,
    offers=(Offer("vsftpd-implicit", "ftps", "ftp", 990, implicit=True),),
    prepare=partial(prepare, port=990, implicit=True),
    programs=("/usr/sbin/vsftpd",),
)
