"""PagerDuty's Events API v2 and Opsgenie's Alert API v2."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tests.peers.messaging.checking import TEXT, URL, many, read, shape, text
from tests.peers.providers import Asked, Reply

ROUTING_KEY = "canarysecretcanarysecretcanary00"
GENIE_KEY = "canarysecret-1234-5678-9abc-def012345678"

PAYLOAD = shape(
    {
        "summary": text(1024),
        "source": text(1024),
        "severity": {"enum": ["critical", "error", "warning", "info"]},
    },
    {
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT"},
        "component": TEXT,
        "group": TEXT,
        "class": TEXT,
        "custom_details": {"type": "object"},
    },
)
EVENT = {
    "oneOf": [
        shape(
            {"routing_key": text(32, 32), "event_action": {"const": "trigger"}, "payload": PAYLOAD},
            {
                "dedup_key": text(255),
                "client": TEXT,
                "client_url": URL,
                "links": many(shape({"href": URL}, {"text": TEXT}), 20),
            },
        ),
        shape(
            {
                "routing_key": text(32, 32),
                "event_action": {"enum": ["acknowledge", "resolve"]},
                "dedup_key": text(255),
            }
        ),
    ]
}


class PagerDuty:
    """`alerts` is what stands open, by its key."""

    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.path != "/v2/enqueue":
            return Reply(404, raw=b"")
        event = read(asked, EVENT, 512 << 10)
        if event["routing_key"] != ROUTING_KEY:
            errors = [f"Invalid routing key {event['routing_key']}"]
            return Reply(
                400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            )
        self._keep(event["event_action"], event["dedup_key"])
        return Reply(
            202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        )

    def _keep(self, action: str, key: str) -> None:
        if action == "resolve":
            self.alerts.pop(key, None)
        elif action == "trigger" or key in self.alerts:
            self.alerts[key] = {"trigger": "triggered", "acknowledge": "acknowledged"}[action]


ALERT = shape(
    {"message": text(130)},
    {
        "alias": text(512),
        "description": text(15_000),
        "tags": many(text(50), 20),
        "details": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 8000}},
        "entity": text(512),
        "source": text(100),
        "priority": {"enum": ["P1", "P2", "P3", "P4", "P5"]},
        "note": text(25_000),
    },
)
REQUEST = shape({}, {"user": text(100), "source": text(100), "note": text(25_000)})


class Opsgenie:
    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"GenieKey {GENIE_KEY}":
            said = f"Could not authenticate {asked.headers.get('authorization')}"
            return Reply(401, {"message": said, "took": 0.001, "requestId": "r"})
        parts = urlsplit(asked.path).path.split("/")
        if parts[:3] != ["", "v2", "alerts"]:
            return Reply(404, {"message": "no such path"})
        if len(parts) == 3:
            alert = read(asked, ALERT)
            self.alerts[alert["alias"]] = "open"
        else:
            read(asked, REQUEST)
            if asked.query.get("identifierType") != "alias":
                return Reply(422, {"message": "identifierType"})
            self._act(unquote(parts[3]), parts[4])
        return Reply(202, {"result": "Request will be processed", "took": 0.107, "requestId": "r-1"})

    def _act(self, alias: str, verb: str) -> None:
        if verb == "close":
            self.alerts.pop(alias, None)
        elif verb == "acknowledge" and alias in self.alerts:
            self.alerts[alias] = "acknowledged"
