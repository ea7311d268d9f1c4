"""The defaults of `starttls check`, as a configuration file says them."""

from typing import Annotated, Literal

from msgspec import Meta

from starttls.config.declare import Section
from starttls.tls.plan import Timeouts

__all__ = ["CheckSettings", "TimeoutSettings"]


class TimeoutSettings(Section, frozen=True):
    """How long to wait, in seconds."""

    connect: Annotated[float, Meta(gt=0, description="Until a TCP connection stands, name resolution included.")] = 10.0
    wait: Annotated[float, Meta(gt=0, description="For each answer that the dialogue before TLS waits for.")] = 30.0
    handshake: Annotated[float, Meta(gt=0, description="For the TLS handshake.")] = 15.0
    whole: Annotated[float, Meta(gt=0, description="For one target in all, whatever it does.")] = 60.0

    def timeouts(self) -> Timeouts:
        """The same for a client."""
        return Timeouts(connect=self.connect, wait=self.wait, handshake=self.handshake, whole=self.whole)


class CheckSettings(Section, frozen=True):
    """Defaults of `starttls check --config FILE`. Every key may be left out; the command line wins over the file."""

    targets: Annotated[
        tuple[str, ...],
        Meta(
            description="The services to check when the command line names none, or domains, for all their services.",
            examples=[["smtp://mail.example.org", "mail.example.org:587", "example.org"]],
        ),
    ] = ()
    policy: Annotated[
        Literal["verify", "encrypt", "dane", "opportunistic"] | None,
        Meta(
            description='What a service has to prove: "verify" a certificate of a public authority for its name, '
            '"encrypt" none at all, "dane" the certificate that its zone publishes by DNSSEC, "opportunistic" the best '
            'that it publishes: DANE, MTA-STS for mail, or none. By default as the level says, or "verify".',
            examples=["opportunistic"],
        ),
    ] = None
    level: Annotated[
        Literal["verified", "encrypted", "dane"] | None,
        Meta(
            description="What a connection must be worth to pass; by default what the policy asks for. With "
            '"encrypted" alone any certificate will do, and whoever is on the path can read and change everything.',
            examples=["verified"],
        ),
    ] = None
    resolver: Annotated[
        str | None,
        Meta(
            description="The DNS server to ask, instead of the system's. It is asked where a policy or a domain needs "
            "it.",
            examples=["192.0.2.53", "tls://192.0.2.53#dns.example.net"],
        ),
    ] = None
    dnssec: Annotated[
        Literal["ad", "validate", "both"] | None,
        Meta(
            description="How it is told whether an answer is authentic: by the AD bit of the server, by validating "
            "here, or by both, compared. By default the AD bit where the server is this machine itself.",
            examples=["validate"],
        ),
    ] = None
    trust_anchors: Annotated[
        tuple[str, ...],
        Meta(
            description="Files of trust anchors for DNSSEC, instead of the keys of the root.",
            examples=[["/usr/share/dns/root.ds"]],
        ),
    ] = ()
    ca_file: Annotated[
        str | None,
        Meta(
            description="Trust the certificate authorities in this PEM file, instead of the system's.",
            examples=["/etc/ssl/private-ca.pem"],
        ),
    ] = None
    family: Annotated[Literal["any", "ipv4", "ipv6"], Meta(description="The addresses to connect to.")] = "any"
    concurrency: Annotated[int, Meta(ge=1, le=1000, description="How many targets are checked at once.")] = 50
    format: Annotated[
        Literal["text", "json"], Meta(description="How the result is written: for people or for programs.")
    ] = "text"
    timeouts: TimeoutSettings = TimeoutSettings()
