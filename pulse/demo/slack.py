"""Slack's interface for the demo's app: messages in one channel, and the buttons that are pressed there.

https://api.slack.com/methods/chat.postMessage and https://api.slack.com/reference/interaction-payloads/block-actions
"""

from __future__ import annotations

import hmac
import json
import time
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications.transports import asking
from pulse.demo import filling, keeping
from pulse.demo.accounts import SLACK
from pulse.demo.members import config_of

PLACE = "chat"


@csrf_exempt  # scripts have no cookie: the app's token stands for each request
@require_POST
def api(request: HttpRequest, method: str) -> JsonResponse:
    """Nearly all is answered with 200, as Slack does, and `ok` says what came of it."""
    config = config_of("slack", channel=SLACK)
    given = request.headers.get("Authorization", "").encode()
    if config is None or not hmac.compare_digest(given, f"Bearer {config.token}".encode()):
        return _refused("invalid_auth")
    try:
        document = json.loads(request.body)
        blocks = document["attachments"][0]["blocks"]
    except (ValueError, LookupError, TypeError):
        return _refused("invalid_arguments")
    if document.get("channel") != SLACK:
        return _refused("channel_not_found")
    if method == "chat.update":
        return _change(document.get("ts"), blocks)
    return _post(document, blocks)


def press(value: str, who: str) -> str:
    """What Pulse says in the channel when somebody presses the button that has this value."""
    config = config_of("slack", channel=SLACK)
    payload = {
        "type": "block_actions",
        "user": {"id": "U0DEM0DEM0", "name": who},
        "channel": {"id": SLACK},
        "actions": [{"type": "button", "action_id": "acknowledge", "value": value}],
    }
    body, stamp = urlencode({"payload": json.dumps(payload)}), str(int(time.time()))
    secret = config.signing_secret if config else ""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": "v0="
        + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), sha256).hexdigest(),
    }
    url = f"{filling.address()}/t/slack"
    reply = asking.ask("POST", url, asking.ANYWHERE, body=body.encode(), headers=headers)
    return str(reply.document.get("text") or reply.body.decode("utf-8", "replace"))


def _post(document: dict[str, Any], blocks: Any) -> JsonResponse:
    thread = str(document.get("thread_ts", ""))
    now = int(time.time())
    number = keeping.keep(PLACE, {"blocks": blocks, "thread": thread})
    ts = f"{now}.{number % 10**6:06d}"
    keeping.change(PLACE, number, ts=ts)
    return JsonResponse({"ok": True, "channel": SLACK, "ts": ts})


def _change(ts: Any, blocks: Any) -> JsonResponse:
    row = keeping.find(PLACE, ts=ts)
    if row is None:
        return _refused("message_not_found")
    keeping.change(PLACE, row["number"], blocks=blocks)
    return JsonResponse({"ok": True, "channel": SLACK, "ts": ts})


def _refused(error: str) -> JsonResponse:
    return JsonResponse({"ok": False, "error": error})
