import base64
import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import fetch_pip

WHEEL = b"the bytes of a wheel"
GOOD = hashlib.sha256(WHEEL).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index on disk, which pip's settings name. Returns the folder of pip's own page."""
    folder = tmp_path / "simple/pip"
    folder.mkdir(parents=True)
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nindex-url = file://{tmp_path}/simple/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    return folder


def offer(index: Path, *links: str) -> None:
    (index / "index.html").write_text("".join(f"<a {link}>x</a>\n" for link in links))


def link(name: str, sha256: str = GOOD, more: str = "") -> str:
    return f'href="../../files/{name}#sha256={sha256}" {more}'


def names(*links: str) -> list[str]:
    page = "".join(f"<a {link}>x</a>" for link in links).encode()
    return [wheel.name for wheel in fetch_pip.wheels(page, "https://index.example/simple/pip/")]


def test_a_link_is_read() -> None:
    page = f'<html><a href="../../packages/pip-25.0.1-py3-none-any.whl#sha256={GOOD}">pip</a>'.encode()
    (wheel,) = fetch_pip.wheels(page, "https://index.example/simple/pip/")
    assert wheel.version == (25, 0, 1)
    assert wheel.url == "https://index.example/packages/pip-25.0.1-py3-none-any.whl"
    assert wheel.sha256 == GOOD


@pytest.mark.parametrize(
    "unfit",
    [
        link("pip-25.0.tar.gz"),
        link("pip-25.0b1-py3-none-any.whl"),
        link("pipx-25.0-py3-none-any.whl"),
        link("pip-25.0-py3-none-any.whl", sha256=""),
        link("pip-25.0-py3-none-any.whl", sha256="0" * 63),
        link("pip-25.0-py3-none-any.whl", more="data-yanked"),
        link("pip-25.0-py3-none-any.whl", more=f'data-requires-python="&gt;=3.{sys.version_info.minor + 1}"'),
        'name="anchor"',
    ],
)
def test_what_cannot_be_used_is_passed_over(unfit: str) -> None:
    fit = link("pip-24.0-py3-none-any.whl", more='data-requires-python="&gt;=3.8"')
    assert names(unfit, fit) == ["pip-24.0-py3-none-any.whl"]


def test_the_newest_wheel_is_fetched(index: Path, tmp_path: Path) -> None:
    offer(index, *(link(f"pip-{version}-py3-none-any.whl") for version in ("9.0", "25.10", "25.9")))
    (tmp_path / "files").mkdir()
    (tmp_path / "files/pip-25.10-py3-none-any.whl").write_bytes(WHEEL)
    path = fetch_pip.download(tmp_path)
    assert (path.name, path.read_bytes()) == ("pip-25.10-py3-none-any.whl", WHEEL)


def test_a_wheel_that_was_changed_on_the_way_is_refused(index: Path, tmp_path: Path) -> None:
    offer(index, link("pip-25.0-py3-none-any.whl"))
    (tmp_path / "files").mkdir()
    (tmp_path / "files/pip-25.0-py3-none-any.whl").write_bytes(WHEEL + b"!")
    with pytest.raises(ValueError, match="does not have the sha256"):
        fetch_pip.download(tmp_path)
    assert not list(tmp_path.glob("*.whl"))


def test_an_index_without_a_fit_wheel_says_so(index: Path, tmp_path: Path) -> None:
    offer(index)
    with pytest.raises(ValueError, match="lists no wheel of pip with a sha256"):
        fetch_pip.download(tmp_path)


def test_no_index_is_a_short_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"file://{tmp_path}/nowhere")
    with pytest.raises(OSError, match="nowhere/pip/"):
        fetch_pip.download(tmp_path)


@pytest.mark.parametrize("address", ["ftp://index.example/simple", "index.example/simple"])
def test_only_known_kinds_of_address_are_read(address: str) -> None:
    with pytest.raises(OSError, match="not an https, http or file address"):
        fetch_pip.read(address)


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless").write_bytes(b"x" * 101)
    monkeypatch.setattr(fetch_pip, "MOST_BYTES", 100)
    with pytest.raises(OSError, match="more than 100 bytes"):
        fetch_pip.read(f"file://{tmp_path}/endless")


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects /moved to /here, and answers with the credentials it was sent."""

    def do_GET(self) -> None:
        if moved := self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
        else:
            self.send_response(200)
        self.end_headers()
        if not moved:
            self.wfile.write(self.headers.get("Authorization", "nothing").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The host and port of a server on loopback."""
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_credentials_of_the_index_go_to_the_index_alone(server: str) -> None:
    expected = b"Basic " + base64.b64encode(b"me:p@ss")
    assert fetch_pip.read(f"http://me:p%40ss@{server}/here") == expected
    assert fetch_pip.read(f"http://me:p%40ss@{server}/moved") == b"nothing"
    assert fetch_pip.read(f"http://{server}/here") == b"nothing"


def test_credentials_are_not_shown() -> None:
    with pytest.raises(OSError, match="http://127") as failure:
        fetch_pip.read("http://me:secret@127.0.0.1:1/pip/")
    assert "secret" not in str(failure.value)


def test_settings_come_from_where_pip_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip/pip.conf").write_text("[global]\nindex-url = https://old.example/\n")
    assert fetch_pip.setting("index-url") == "https://old.example/"
    (tmp_path / "xdg/pip").mkdir(parents=True)
    (tmp_path / "xdg/pip/pip.conf").write_text("[global]\nindex-url = https://new.example/%41\n")
    assert fetch_pip.setting("index-url") == "https://new.example/%41"
    monkeypatch.setenv("PIP_INDEX_URL", "https://first.example/")
    assert fetch_pip.setting("index-url") == "https://first.example/"


def test_broken_settings_are_a_short_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.conf").write_text("index-url = no section above me\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    with pytest.raises(ValueError, match=r"pip\.conf"):
        fetch_pip.setting("index-url")
