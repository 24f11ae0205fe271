"""Mail that comes back is a receipt: of one that failed, or of one that is late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from monitors.telemetry.models import Status
from notifications import bouncing
from tests.notifications.site import Site
from tests.receivers import SmtpReceiver

BOUNCE = """\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ops@acme.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 unknown user
--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "receipt"), [("failed", "5.1.1", "failed"), ("delayed", "4.4.1", "")]
)
def test_mail_that_comes_back_is_a_failed_receipt(
    site: Site, smtp: SmtpReceiver, settings: Any, courier: Any, action: str, status: str, receipt: str
) -> None:
    settings.PULSE_BOUNCE_ADDRESS = "bounces@pulse.example"
    site.channel("email", {"to": "ops@acme.example"})
    site.becomes(Status.DOWN)
    (row,) = site.wait("sent")
    address = f"bounces+msg_{row.id.hex}@pulse.example"

    assert bouncing.claims(address)
    assert not bouncing.claims(address.replace("pulse", "other"))
    with ThreadPoolExecutor(1) as elsewhere:
        content = BOUNCE.format(to=address, action=action, status=status)
        elsewhere.submit(bouncing.take, content.encode(), address).result()

    assert site.deliveries()[0].receipt == receipt
    assert any("550 5.1.1 unknown user" in text for text in site.texts()) == bool(receipt)
