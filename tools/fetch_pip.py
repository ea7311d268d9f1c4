"""Fetch pip's wheel from the package index with the standard library alone.

Asks the index that pip itself would ask: PIP_INDEX_URL, pip's configuration files, pypi.org. The index says
the wheel's sha256, and a wheel that does not match is not written.
"""

import base64
import configparser
import hashlib
import os
import re
import ssl
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
MOST_BYTES = 32 << 20
TIMEOUT = 30.0
_FINAL_WHEEL = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl")
_OLDEST_PYTHON = re.compile(r">=\s*3\.(\d+)")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of pip, as the index lists it."""

    name: str
    version: tuple[int, ...]
    url: str
    sha256: str


class _Links(HTMLParser):
    """Collects the attributes of each link of an index page (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append({name: value or "" for name, value in attrs})


def setting(name: str) -> str | None:
    """Return a setting of pip (`index-url`, `cert`) as pip would find it: environment, user, machine."""
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value:
        return value
    for path in _configuration_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: {str(error).splitlines()[0]}") from error
        for section in ("install", "global"):
            if value := parser.get(section, name, fallback=""):
                return value.strip()
    return None


def _configuration_files() -> list[Path]:
    # https://pip.pypa.io/en/stable/topics/configuration/, the strongest first
    home = Path(os.environ.get("HOME") or "/")
    user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    machine = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    paths = [user / "pip/pip.conf", home / ".pip/pip.conf", Path("/etc/pip.conf")]
    paths += [Path(folder) / "pip/pip.conf" for folder in machine.split(":") if folder]
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    return [Path(chosen), *paths] if chosen else paths


def read(url: str) -> bytes:
    """Return what `url` holds, at most MOST_BYTES.

    Raises:
        OSError: It cannot be reached, or holds more.
    """
    shown, request = _request(url)
    trust = ssl.create_default_context(cafile=setting("cert")) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=trust) as answer:  # noqa: S310 - _request looked
            body: bytes = answer.read(MOST_BYTES + 1)
    except (OSError, HTTPException) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
            raise OSError(f"{shown}: certificate not trusted (Debian: apt install ca-certificates)") from error
        raise OSError(f"{shown}: {error}") from error
    if len(body) > MOST_BYTES:
        raise OSError(f"{shown}: more than {MOST_BYTES} bytes")
    return body


def _request(url: str) -> tuple[str, urllib.request.Request]:
    """Take the password out of an address. Return the address fit to be shown, and the request."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"https", "http", "file"}:
        raise OSError(f"{url}: not an https, http or file address")
    user, at, host = parts.netloc.rpartition("@")
    shown = parts._replace(netloc=host).geturl()
    request = urllib.request.Request(shown)  # noqa: S310 - the scheme was looked at
    if at:
        token = base64.b64encode(urllib.parse.unquote_to_bytes(user)).decode()
        # Not to be sent again to whatever host the index redirects to.
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return shown, request


def wheels(page: bytes, address: str) -> list[Wheel]:
    """Return the final releases on an index page that this Python can run, and whose hash it gives."""
    links = _Links()
    links.feed(page.decode(errors="replace"))
    found = []
    for link in links.found:
        url, _, fragment = urllib.parse.urljoin(address, link.get("href", "")).partition("#")
        name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
        oldest = _OLDEST_PYTHON.search(link.get("data-requires-python", ""))
        too_new = oldest is not None and int(oldest[1]) > sys.version_info.minor
        version = _FINAL_WHEEL.fullmatch(name)
        sha256 = fragment.removeprefix("sha256=")
        if version and not too_new and "data-yanked" not in link and re.fullmatch("[0-9a-f]{64}", sha256):
            found.append(Wheel(name, tuple(map(int, version[1].split("."))), url, sha256))
    return found


def download(folder: Path) -> Path:
    """Put the newest wheel of pip into `folder` and return its path.

    Raises:
        OSError: The index cannot be reached.
        ValueError: It has no wheel for us, or the wheel is not the one it promised.
    """
    address = (setting("index-url") or DEFAULT_INDEX).rstrip("/") + "/pip/"
    if address.startswith("file:"):
        address += "index.html"  # as pip does
    found = wheels(read(address), address)
    if not found:
        raise ValueError("the index lists no wheel of pip with a sha256")
    newest = max(found, key=lambda wheel: wheel.version)
    body = read(newest.url)
    if hashlib.sha256(body).hexdigest() != newest.sha256:
        raise ValueError(f"{newest.name} does not have the sha256 that the index gives")
    path = folder / newest.name
    path.write_bytes(body)
    return path
