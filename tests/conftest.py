"""What holds for every test: nothing is skipped in silence, and the shell of the developer does not leak in."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# These would make a program under test trust other authorities than the system's, or go through a proxy.
_LEAKS = {
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE", "OPENSSL_CONF"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
}

# Machines that run tests are shared: a slow example is no failure, the timeout of the test is what counts.
settings.register_profile("starttls", deadline=None, print_blob=True)


def pytest_configure() -> None:
    # A shell ignores interrupts in what it starts in the background, and children inherit that; tests interrupt some.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in _LEAKS & os.environ.keys():
        del os.environ[name]
    settings.load_profile("starttls")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the interop tests on one worker of xdist, and say why where they cannot run."""
    can_run = os.geteuid() == 0 and Path("/etc/debian_version").exists()
    for item in items:
        if not item.path.is_relative_to(ROOT / "tests/interop"):
            continue
        item.add_marker(pytest.mark.interop)
        item.add_marker(pytest.mark.xdist_group("interop"))
        if not can_run:
            item.add_marker(pytest.mark.skip("starts real servers from Debian packages: run as root, on Debian"))


# Outermost, so that the verdict of every other plugin (xfail, mark.skip) is in.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where skipping is forbidden."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips itself while it is collected."""
    report = yield
    _forbid_skip(report)
    return report


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or os.environ.get("STARTTLS_NO_SKIP", "0") in {"", "0"}:
        return
    # (path, line, "Skipped: reason") of what pytest.skip() raised
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    report.outcome = "failed"
    report.longrepr = f"STARTTLS_NO_SKIP=1 allows no test to be skipped. {reason}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the source tree."""
    return ROOT
