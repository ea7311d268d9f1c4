"""One visit with libcurl as linked with NSS: URL CA_FILE VERSION USER PASSWORD [COMMAND]. It is STARTTLS or nothing.

Debian's curl and pycurl are linked with OpenSSL and GnuTLS, but libcurl-nss is there, and curl is a thin shell
around the few calls below. The status is curl's own (60: the server is not who it should be).
"""

import ctypes
import sys

# curl/curl.h
OPT_TIMEOUT, OPT_SSLVERSION, OPT_USE_SSL = 13, 32, 119
OPT_URL, OPT_USERPWD, OPT_CUSTOMREQUEST, OPT_CAINFO = 10002, 10005, 10036, 10065
USESSL_ALL = 3
# From this version on, and up to it
VERSIONS = {"TLSv1.2": 6 | 6 << 16, "TLSv1.3": 7 | 7 << 16}


def main(url: str, ca_file: str, version: str, user: str, password: str, command: str = "") -> int:
    """Go there. What came back is on stdout, and what went wrong."""
    curl = ctypes.CDLL("libcurl-nss.so.4")
    curl.curl_version.restype = curl.curl_easy_strerror.restype = ctypes.c_char_p
    curl.curl_easy_init.restype = ctypes.c_void_p
    print(curl.curl_version().decode(), flush=True)  # noqa: T201 - what the test reads
    handle = ctypes.c_void_p(curl.curl_easy_init())
    numbers = {OPT_TIMEOUT: 10, OPT_USE_SSL: USESSL_ALL, OPT_SSLVERSION: VERSIONS[version]}
    texts = {OPT_URL: url, OPT_CAINFO: ca_file, OPT_USERPWD: f"{user}:{password}", OPT_CUSTOMREQUEST: command}
    for option, number in numbers.items():
        assert curl.curl_easy_setopt(handle, option, ctypes.c_long(number)) == 0
    for option, text in texts.items():
        if text:
            assert curl.curl_easy_setopt(handle, option, ctypes.c_char_p(text.encode())) == 0
    status = int(curl.curl_easy_perform(handle))
    curl.curl_easy_cleanup(handle)
    print(curl.curl_easy_strerror(status).decode())  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
