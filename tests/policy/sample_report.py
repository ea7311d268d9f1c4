"""A report with everything, and what it becomes with one thing else."""

import json
from copy import deepcopy
from typing import Any

from starttls.policy.report import Report, read

__all__ = ["FULL", "POLICY", "changed", "full"]

DAY = {"start-datetime": "2026-04-01T00:00:00Z", "end-datetime": "2026-04-01T23:59:59Z"}
POLICY = ["version: STSv1", "mode: enforce", "mx: *.mail.example.org", "max_age: 86400"]
FULL: dict[str, Any] = {
    "organization-name": "Sender",
    "date-range": DAY,
    "contact-info": "tls@sender.example",
    "report-id": "5065427c-23d3",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": POLICY,
                "policy-domain": "example.org",
                "mx-host": ["*.mail.example.org"],
            },
            "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "2001:db8::1",
                    "receiving-mx-hostname": "mx1.mail.example.org",
                    "receiving-mx-helo": "mx1",
                    "receiving-ip": "192.0.2.1",
                    "failed-session-count": 300,
                    "additional-information": "https://sender.example/1",
                    "failure-reason-code": "X509_V_ERR_CERT_HAS_EXPIRED",
                },
                {"result-type": "validation-failure", "failed-session-count": 3},
            ],
        }
    ],
}


def changed(path: str, value: object = ...) -> bytes:
    """The full report with one thing else, or without it."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    data: Any = deepcopy(FULL)
    place = data
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(data).encode()


def full() -> Report:
    return read(json.dumps(FULL).encode())
