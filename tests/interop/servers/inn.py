"""nnrpd of INN (OpenSSL): NNTP with STARTTLS, and NNTPS by a second process, with an RSA certificate."""

from functools import partial
from pathlib import Path

import trustme

from tests.interop.servers.authority import NAME
from tests.interop.servers.daemon import run_once
from tests.interop.servers.service import Launch, Offer, Place, Server

_USER = "news"

_INN = """\
organization: interop
pathhost: {name}
domain: interop.test
mta: "/bin/true %s"
hismethod: hisv6
enableoverview: true
ovmethod: tradindexed
runasuser: {user}
runasgroup: {user}
pathnews: {unpacked}/usr/lib/news
pathetc: {folder}/etc
pathdb: {folder}/db
pathlog: {folder}/log
pathrun: {folder}/run
pathtmp: {folder}/run
pathspool: {folder}/spool
tlscertfile: {chain}
tlskeyfile: {key}
tlsprotocols: [ TLSv1.2 TLSv1.3 ]
"""

_READERS = """\
auth all {
  hosts: "*"
  default: "<anybody>"
}
access all {
  users: "*"
  newsgroups: "*"
  access: R
}
"""

_STORAGE = """\
method tradspool {
  newsgroups: *
  class: 0
}
"""


def prepare(place: Place, *, port: int, options: tuple[str, ...] = ()) -> Launch:
    """One empty newsgroup and open access: nnrpd serves readers alone, no innd runs behind it."""
    made = place.certify(trustme.KeyType.RSA)
    for name in ("db", "log", "run", "spool", "spool/overview", "spool/articles"):
        place.make_folder(name, owner=_USER)
    place.write("db/active", "interop.test 0000000000 0000000001 y\n", owner=_USER)
    place.write("db/newsgroups", "interop.test\tTests.\n", owner=_USER)
    readers = place.write("etc/readers.conf", _READERS)
    place.write("etc/storage.conf", _STORAGE)
    text = _INN.format(
        name=NAME,
        user=_USER,
        unpacked=place.unpacked,
        folder=place.folder,
        chain=made.chain,
        key=place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
    )
    libraries = place.unpacked / "usr/lib/news"
    environment = {"INNCONF": str(place.write("etc/inn.conf", text)), "LD_LIBRARY_PATH": str(libraries)}
    run_once(libraries / "bin/tdx-util", "-c", "-n", "interop.test", user=_USER, environment=environment)
    nnrpd: tuple[str | Path, ...] = (libraries / "bin/nnrpd", "-D", "-f", *options)
    return Launch(
        command=(*nnrpd, "-b", place.address, "-p", str(port), "-c", readers),
        environment=environment,
    )


INN = Server(
    name="inn",
    octet=11,
    offers=(Offer("inn", "nntp", "nntp", 119),),
    prepare=partial(prepare, port=119),
    unpacked=("inn2", "inn2-inews"),
)

INN_IMPLICIT = Server(
    name="inn-implicit",
    octet=12,
    offers=(Offer("inn-implicit", "nntps", "nntp", 563, implicit=True),),
    prepare=partial(prepare, port=563, options=("-S",)),
    unpacked=("inn2", "inn2-inews"),
)
