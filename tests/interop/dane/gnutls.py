"""GnuTLS's DANE, without the DNS: the library of which ``danetool --check`` is the command line.

danetool takes TLSA records from the DNS alone; ``dane_verify_crt_raw`` is what it then calls.
"""

import ctypes
import ctypes.util
from collections.abc import Sequence

import pytest

from starttls.policy.answer import TLSA

__all__ = ["takes"]

_IGNORE_DNSSEC = 4  # DANE_F_IGNORE_DNSSEC: the records come from us
_X509 = 1  # GNUTLS_CRT_X509


class _Datum(ctypes.Structure):
    _fields_ = (("data", ctypes.c_char_p), ("size", ctypes.c_uint))


def takes(chain: Sequence[bytes], records: Sequence[TLSA]) -> bool:
    """Whether ``chain`` (DER) matches ``records``."""
    name = ctypes.util.find_library("gnutls-dane")
    if name is None:
        pytest.skip("libgnutls-dane is not installed: run tools/interop-install")
    library = ctypes.CDLL(name)
    state, query, status = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint(0xFF)
    assert library.dane_state_init(ctypes.byref(state), _IGNORE_DNSSEC) == 0
    data = [bytes((record.usage, record.selector, record.mtype)) + record.data for record in records]
    given = (ctypes.c_char_p * (len(data) + 1))(*data, None)
    sizes = (ctypes.c_int * (len(data) + 1))(*map(len, data), 0)
    certificates = (_Datum * len(chain))(*(_Datum(der, len(der)) for der in chain))
    try:
        if library.dane_raw_tlsa(state, ctypes.byref(query), given, sizes, 1, 0) != 0:
            return False
        ended: int = library.dane_verify_crt_raw(
            state, certificates, len(chain), _X509, query, 0, 0, ctypes.byref(status)
        )
        return ended == 0 and status.value == 0
    finally:
        if query.value:
            library.dane_query_deinit(query)
        library.dane_state_deinit(state)
