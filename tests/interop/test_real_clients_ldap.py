"""Our server against real clients of LDAP: ldapsearch, which does it right, and curl, which does not."""

import pytest

from starttls.core.errors import NotRequested, PlaintextAfterGoAhead
from tests.interop.backends.visit import PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop


def ldapsearch(home: Home, door: Door, *options: str) -> Ran:
    # By address: of "localhost" libldap demands a certificate for the machine's own name.
    command = ["ldapsearch", "-x", "-LLL", "-H", f"ldap://127.0.0.1:{door.port}", *options]
    command += ["-D", f"cn={USER}", "-w", PASSWORD, "-s", "base", "-b", "", "vendorName"]
    return home.run(*command, environment={"LDAPTLS_CACERT": str(door.ca_file), "LDAPTLS_REQCERT": "demand"})


def test_ldapsearch_verifies_us_and_is_served(house: House, home: Home) -> None:
    with house.open("ldap") as door:
        ran = ldapsearch(home, door, "-ZZ")
        assert ran.status == 0, ran.output
        assert "vendorName: starttls interop" in ran.output
        visit = door.visit()
        assert visit.heard == [f"bind cn={USER}", "search ", "unbind"]
        assert visit.user == USER


@pytest.mark.parametrize("kind", BAD)
def test_ldapsearch_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("ldap", kind=kind) as door:
        ran = ldapsearch(home, door, "-ZZ")
        assert ran.status == 1, ran.output
        assert "ldap_start_tls: Connect error (-11)" in ran.output
        assert door.heard() == []


def test_ldapsearch_that_may_go_on_without_tls_is_told_no(house: House, home: Home) -> None:
    with house.open("ldap") as door:
        ran = ldapsearch(home, door)
        assert ran.status == 13, ran.output  # confidentialityRequired
        assert "StartTLS first" in ran.output
        failure = door.failure()
        assert isinstance(failure, NotRequested)
        assert failure.transcript is not None
        assert PASSWORD not in failure.transcript.text


def test_curl_goes_on_in_plaintext_and_is_refused(house: House, home: Home) -> None:
    # curl 7.88 asks for StartTLS, reads success, and then binds and searches in clear: our server takes the bytes
    # for what they are, no TLS, and nothing of them reaches what stands inside.
    with house.open("ldap") as door:
        command = ["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(door.ca_file), "--max-time", "5"]
        ran = home.run(*command, "--user", f"cn={USER}:{PASSWORD}", f"ldap://localhost:{door.port}/?vendorName?base")
        assert ran.status != 0, ran.output
        failure = door.failure()
        assert isinstance(failure, PlaintextAfterGoAhead)
        assert f"cn={USER}" in str(failure)
        assert PASSWORD not in str(failure)
        assert door.visits == []
