"""The senders that are known: programs as they are delivered, and large providers.

Each says where it is from, as far as it could be read in November 2026. What could not be found is `UNKNOWN`, and not
guessed.
"""

from dataclasses import replace

from starttls.policy.senders import Confidence, Dane, Floor, Order, Outcome, Sender, Sts

__all__ = ["SENDERS"]

# --- Postfix ---------------------------------------------------------------------------------------

_TLS_README = "https://www.postfix.org/TLS_README.html"
_SMTP = "https://github.com/vdukhovni/postfix/blob/master/postfix/src/smtp"
_RESOLVER = "https://github.com/Snawoot/postfix-mta-sts-resolver/issues/67"
_TLSPOL = "https://github.com/Zuplu/postfix-tlspol"

_MAY = Sender(
    name="Postfix may",
    retries_in_clear=True,  # PLAINTEXT_FALLBACK_OK_AFTER_STARTTLS_FAILURE
    sources=(_TLS_README, f"{_SMTP}/smtp.h"),
    confidence=Confidence.DOCUMENTED,
)
_ENCRYPT = replace(_MAY, name="Postfix encrypt", floor=Floor.ENCRYPT, retries_in_clear=False)
_DANE = replace(
    _MAY,
    name="Postfix dane",
    dane=Dane.OPPORTUNISTIC,
    half=True,  # smtp_tls_dane_insecure_mx_policy, by default with this level
    sources=(_TLS_README, f"{_SMTP}/smtp_tls_policy.c"),
)
_DANE_ONLY = replace(
    _DANE,
    name="Postfix dane-only",
    dane=Dane.MANDATORY,
    floor=Floor.DEFER,
    half=False,
    unusable=Floor.DEFER,
    retries_in_clear=False,
)
_SECURE = replace(_MAY, name="Postfix secure", floor=Floor.VERIFY, retries_in_clear=False)
_LEVELS = (_MAY, _ENCRYPT, _DANE, _DANE_ONLY, _SECURE)


def _with_resolver(level: Sender) -> Sender:
    """With postfix-mta-sts-resolver: what it answers replaces the level, DANE included."""
    sources = (*level.sources, _RESOLVER)
    name = f"{level.name}, postfix-mta-sts-resolver"
    return replace(level, name=name, sts=Sts.HONOUR, order=Order.STS, sources=sources)


def _with_tlspol(level: Sender) -> Sender:
    """With postfix-tlspol: ``dane`` or ``dane-only`` for the domain, else MTA-STS, else the level."""
    return replace(
        level,
        name=f"{level.name}, postfix-tlspol",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        order=Order.DOMAIN,
        half=True,
        unusable=Floor.ENCRYPT,
        whole=True,  # issue 189
        sources=(*level.sources, _TLSPOL, f"{_TLSPOL}/issues/189"),
    )


# --- other programs --------------------------------------------------------------------------------

_MOX = "https://github.com/mjl-/mox/blob/main"
_STALWART = "https://github.com/stalwartlabs/stalwart/blob/main/crates/smtp/src/outbound/delivery.rs"
_MADDY = "https://github.com/foxcpp/maddy/blob/master"
_HARAKA = "https://github.com/haraka/Haraka/blob/master"

_PROGRAMS = (
    Sender(
        name="Exim",
        dane=Dane.OPPORTUNISTIC,
        unusable=Floor.DEFER,  # "No usable TLSA records"
        retries_in_clear=True,  # tls_tempfail_tryclear
        sources=(
            "https://www.exim.org/exim-html-current/doc/html/spec_html/ch-the_smtp_transport.html",
            "https://github.com/Exim/exim/blob/master/src/src/tls-openssl.c",
        ),
        confidence=Confidence.DOCUMENTED,
    ),
    Sender(
        name="mox",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        order=Order.EACH,
        retries_in_clear=True,
        sources=(f"{_MOX}/smtpclient/gather.go", f"{_MOX}/queue/direct.go"),
        confidence=Confidence.DOCUMENTED,
    ),
    Sender(
        name="Stalwart",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        order=Order.EACH,
        mismatch=Outcome.REJECTS,
        retries_in_clear=False,  # it tries again later, with any certificate
        sources=("https://stalw.art/docs/ref/object/mta-tls-strategy", _STALWART),
        confidence=Confidence.DOCUMENTED,
    ),
    Sender(
        name="maddy",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        floor=Floor.ENCRYPT,  # local_policy of the configuration that it comes with
        order=Order.EACH,
        half=True,
        unusable=Floor.DEFER,
        retries_in_clear=False,
        sources=(
            f"{_MADDY}/internal/target/remote/connect.go",
            f"{_MADDY}/internal/target/remote/dane.go",
            f"{_MADDY}/maddy.conf",
        ),
        confidence=Confidence.INFERRED,
    ),
    Sender(
        name="Haraka",
        retries_in_clear=False,
        sources=(f"{_HARAKA}/outbound/hmail.js", f"{_HARAKA}/outbound/tls.js"),
        confidence=Confidence.DOCUMENTED,
    ),
)

# --- bundles ---------------------------------------------------------------------------------------

_MAILU = "https://github.com/Mailu/Mailu"

_BUNDLES = (
    replace(
        _with_tlspol(_DANE),
        name="mailcow",
        sources=(
            "https://github.com/mailcow/mailcow-dockerized/blob/master/data/conf/postfix/main.cf",
            "https://github.com/mailcow/mailcow-dockerized/issues/7449",
        ),
        confidence=Confidence.INFERRED,
    ),
    replace(
        _DANE,
        name="Mail-in-a-Box",
        sources=("https://github.com/mail-in-a-box/mailinabox/blob/main/setup/mail-postfix.sh",),
    ),
    replace(
        # It asks for TLSA at the domain itself, not at its MX: mostly MTA-STS replaces DANE.
        _with_resolver(_DANE),
        name="Mailu",
        sts=Sts.STRICT,  # DEFER_ON_TLS_ERROR
        sources=(f"{_MAILU}/blob/master/docs/configuration.rst", f"{_MAILU}/blob/master/core/admin/mailu/utils.py"),
        confidence=Confidence.INFERRED,
    ),
    replace(
        _MAY,
        name="docker-mailserver",
        sources=("https://github.com/docker-mailserver/docker-mailserver/blob/master/target/postfix/main.cf",),
    ),
)

# --- providers -------------------------------------------------------------------------------------

_RFC8461 = "https://www.rfc-editor.org/rfc/rfc8461#section-12"
_MICROSOFT = "https://github.com/MicrosoftDocs/microsoft-365-docs/blob/public/microsoft-365/compliance"
_NOT_FOUND = "nothing found"

_PROVIDERS = (
    Sender(
        name="Gmail",
        sts=Sts.HONOUR,
        sources=("https://support.google.com/a/answer/9261504",),
        confidence=Confidence.DOCUMENTED,
    ),
    Sender(
        name="Microsoft 365",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        sources=(
            f"{_MICROSOFT}/how-smtp-dane-works.md",
            f"{_MICROSOFT}/enhancing-mail-flow-with-mta-sts.md",
        ),
        confidence=Confidence.DOCUMENTED,
    ),
    Sender(
        name="Yahoo",
        dane=Dane.UNKNOWN,
        sts=Sts.UNKNOWN,  # its authors are among those of RFC 8461; whether it enforces is not said
        sources=(_RFC8461,),
        confidence=Confidence.UNKNOWN,
    ),
    Sender(
        name="Comcast",
        dane=Dane.UNKNOWN,
        sts=Sts.UNKNOWN,
        floor=Floor.UNKNOWN,
        sources=(_RFC8461,),
        confidence=Confidence.UNKNOWN,
    ),
    Sender(
        name="Proton",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.UNKNOWN,
        floor=Floor.UNKNOWN,
        sources=("https://privsec.dev",),
        confidence=Confidence.INFERRED,
    ),
    *(
        Sender(
            name=name,
            dane=Dane.UNKNOWN,
            sts=Sts.UNKNOWN,
            floor=Floor.UNKNOWN,
            sources=(_NOT_FOUND,),
            confidence=Confidence.UNKNOWN,
        )
        for name in ("GMX and web.de", "mailbox.org", "Posteo")
    ),
)

SENDERS: tuple[Sender, ...] = (
    Sender(
        name="starttls",
        dane=Dane.OPPORTUNISTIC,
        sts=Sts.HONOUR,
        floor=Floor.ENCRYPT,  # plaintext by name only
        order=Order.CAREFUL,
        half=True,
        retries_in_clear=False,
        sources=("starttls.policy.decide",),
        confidence=Confidence.DOCUMENTED,
    ),
    *_PROVIDERS,
    *_PROGRAMS,
    *_LEVELS,
    *map(_with_resolver, _LEVELS),
    *map(_with_tlspol, _LEVELS),
    *_BUNDLES,
)
"""Providers, programs, bundles: each under a name of its own."""
