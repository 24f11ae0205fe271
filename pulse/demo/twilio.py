"""Twilio's interface for the demo's account: texts and calls to one phone, and what became of them.

https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import base64
import hmac
import re
from email.utils import format_datetime
from html import unescape
from threading import Timer
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from twilio.request_validator import RequestValidator

from notifications.transports import asking
from notifications.transports.base import DeliveryFailed
from pulse import links
from pulse.demo import filling, keeping
from pulse.demo.accounts import PHONE, SENDER, TWILIO
from pulse.demo.members import config_of

log = structlog.get_logger(__name__)
PLACE = "phone"
ARRIVES_AFTER_S = 1.0
LONGEST_TEXT = 1600
# What each is called while it is on its way, and when it is there.
STATES = {"Messages": ("queued", "delivered"), "Calls": ("queued", "completed")}
STATUS = {"Messages": "MessageStatus", "Calls": "CallStatus"}
SID = {"Messages": "SM", "Calls": "CA"}
_SAID = re.compile(r"<Say>(.*?)</Say>", re.DOTALL)
_GATHERS = re.compile(r'<Gather[^>]* action="([^"]+)"')


@csrf_exempt  # scripts have no cookie: the account's token stands for each request
@require_http_methods(["GET", "POST"])
def api(request: HttpRequest, kind: str) -> JsonResponse:
    token = auth_token()
    known = base64.b64encode(f"{TWILIO}:{token}".encode()).decode()
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Basic {known}".encode()):
        return _error(401, 20003, "Authenticate")
    if request.method == "GET":
        return _listed(request, kind)
    return _refused(kind, request.POST) or _taken(kind, request.POST, token)


def auth_token() -> str:
    """Of the demo's account, as its channels have it; '' where both were deleted."""
    config = config_of("sms", account_sid=TWILIO) or config_of("voice", account_sid=TWILIO)
    return config.auth_token if config else ""


def post(path: str, fields: dict[str, str], token: str) -> str:
    """What Pulse answers. Signed for the address that people know, and sent the short way to this same machine."""
    signature = RequestValidator(token).compute_signature(links.absolute(path), fields)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
    }
    body = urlencode(fields).encode()
    reply = asking.ask("POST", filling.address() + path, asking.ANYWHERE, body=body, headers=headers)
    return reply.body.decode("utf-8", "replace")


def _listed(request: HttpRequest, kind: str) -> JsonResponse:
    to = request.GET.get("To")
    rows = [
        row["resource"]
        for row in keeping.kept(PLACE)
        if row["kind"] == kind and to in (None, row["resource"]["to"])
    ]
    return JsonResponse({kind.lower(): rows, "page_size": 50, "next_page_uri": None, "uri": request.path})


def _refused(kind: str, given: QueryDict) -> JsonResponse | None:
    """As a trial account is: it reaches the one phone that it was made for."""
    if given.get("From") != SENDER:
        code = 21606 if kind == "Messages" else 21212
        return _error(400, code, "The 'From' number is not of this account")
    if given.get("To") != PHONE:
        return _error(400, 21608, f"This account is the demo's: it reaches {PHONE} alone")
    if kind == "Messages" and not 0 < len(given.get("Body", "")) <= LONGEST_TEXT:
        return _error(400, 21617, "The message body is empty or longer than 1600 characters")
    return None


def _taken(kind: str, given: QueryDict, token: str) -> JsonResponse:
    queued, arrived = STATES[kind]
    sid = f"{SID[kind]}{uuid4().hex}"
    resource: dict[str, Any] = {
        "sid": sid,
        "account_sid": TWILIO,
        "to": given["To"],
        "from": given["From"],
        "status": queued,
        "date_created": format_datetime(timezone.now()),
        "uri": f"/2010-04-01/Accounts/{TWILIO}/{kind}/{sid}.json",
    }
    if kind == "Messages":
        resource["body"] = given["Body"]
        row = {"kind": kind, "text": given["Body"], "resource": resource}
    else:
        row = {"kind": kind, "resource": resource, **_spoken(given.get("Twiml", ""))}
    number = keeping.keep(PLACE, row)
    later = Timer(ARRIVES_AFTER_S, _arrive, (number, row, arrived, given.get("StatusCallback", ""), token))
    later.daemon = True  # the process need not wait for a report
    later.start()
    return JsonResponse(resource, status=201)


def _spoken(twiml: str) -> dict[str, str]:
    """What is said in a call, and where a key that is pressed is posted to."""
    said, gathers = _SAID.search(twiml), _GATHERS.search(twiml)
    return {
        "text": unescape(said[1]) if said else "",
        "gathers": path_of(unescape(gathers[1])) if gathers else "",
    }


def path_of(url: str) -> str:
    """Of an address of this Pulse; '' for any other, which the demo does not call."""
    base = f"{settings.PULSE_BASE_URL}/"
    return url.removeprefix(settings.PULSE_BASE_URL) if url.startswith(base) else ""


def _arrive(number: int, row: dict[str, Any], status: str, callback: str, token: str) -> None:
    """In a thread of its own, without the database: that is asked by what is posted."""
    resource = row["resource"] | {"status": status}
    keeping.change(PLACE, number, resource=resource)
    if path := path_of(callback):
        kind = row["kind"]
        fields = {f"{kind[:-1]}Sid": resource["sid"], STATUS[kind]: status, "To": PHONE, "AccountSid": TWILIO}
        try:
            post(path, fields, token)
        except DeliveryFailed as failure:
            log.warning("demo_report_failed", error=str(failure))


def _error(status: int, code: int, words: str) -> JsonResponse:
    more = f"https://www.twilio.com/docs/errors/{code}"
    document = {"code": code, "message": words, "more_info": more, "status": status}
    return JsonResponse(document, status=status)
