"""Turn the posted form of a policy, whose steps are as many as somebody wants, into what scripts send too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from monitors.controls import Typed, numeric
from monitors.heartbeats.durations import words
from notifications import policies
from notifications.escalation import STEPS_AT_MOST
from notifications.forms import TEXT, Ticked
from notifications.models import EscalationPolicy, NotificationChannel, Schedule
from notifications.oncall.reading import members
from pulse.fields import ConfigError

Choices = Sequence[tuple[str, Sequence[tuple[str, str]]]]
BLANK = {"targets": [], "wait": "5 min", "round_robin": False}


class StepForm(forms.Form):
    targets = Ticked(label="Tell")
    wait = Typed(
        label="Then wait",
        help_text="Like 5 min, for somebody to act. Of the last step it counts before all is gone through again.",
        widget=forms.TextInput(attrs=TEXT),
    )
    round_robin = forms.BooleanField(
        label="Only one of them, in turn", required=False, help_text="Another one at the next outage."
    )

    def __init__(self, typed: Mapping[str, Any], place: int, choices: Choices) -> None:
        prefix = f"step-{place}"
        super().__init__({f"{prefix}-{name}": value for name, value in typed.items()}, prefix=prefix)
        self.place = place
        self.fields["targets"].choices = choices  # type: ignore[attr-defined]
        self.full_clean()


class HeadForm(forms.Form):
    name = Typed(label="Name", widget=forms.TextInput(attrs=TEXT))
    repeat = numeric("Go through all of it again", "Times, 0 to 9, while nobody acts.")


class PolicyForm:
    """Name, rounds and steps as typed; `read` judges them, and keeps the complaints beside their fields."""

    def __init__(self, data: QueryDict | None, policy: EscalationPolicy | None = None) -> None:
        self.policy, self.complaint, self.is_refused = policy, "", False
        typed = _posted(data) if data is not None else _stored(policy)
        self.head = HeadForm({"name": typed["name"], "repeat": typed["repeat"]})
        self.head.full_clean()
        choices = _choices()
        self.steps = [StepForm(step, place, choices) for place, step in enumerate(typed["steps"])]
        self.typed = typed

    @property
    def may_grow(self) -> bool:
        return len(self.steps) < STEPS_AT_MOST

    def read(self) -> dict[str, Any] | None:
        """What `policies.read` returns, or None: then the form says what to change."""
        try:
            return policies.read(_as_json(self.typed), self.policy)
        except ConfigError as error:
            self.is_refused = True
            for pointer, text in error.errors:
                self._complain(pointer.split("/")[1:], text)
        return None

    def _complain(self, path: Sequence[str], text: str) -> None:
        if len(path) >= 3 and path[0] == "steps":
            name = {"wait_seconds": "wait"}.get(path[2], path[2])
            self.steps[int(path[1])].add_error(name, text)
        elif path and path[0] in self.head.fields:
            self.head.add_error(path[0], text)
        else:
            self.complaint = text


def _posted(data: QueryDict) -> dict[str, Any]:
    """As it was typed, after the button that changes how many steps there are."""
    count = data.get("steps", "")
    number = min(int(count), STEPS_AT_MOST) if count.isascii() and count.isdigit() else 1
    steps = [
        {
            "targets": data.getlist(f"step-{place}-targets"),
            "wait": data.get(f"step-{place}-wait", ""),
            "round_robin": bool(data.get(f"step-{place}-round_robin")),
        }
        for place in range(number)
    ]
    verb, _, place = data.get("press", "").partition("-")
    if verb == "add" and len(steps) < STEPS_AT_MOST:
        steps.append(dict(BLANK))
    elif place.isascii() and place.isdigit() and int(place) < len(steps):
        at = int(place)
        if verb == "drop" and len(steps) > 1:
            del steps[at]
        elif verb == "up" and at:
            steps[at - 1], steps[at] = steps[at], steps[at - 1]
    return {"name": data.get("name", ""), "repeat": data.get("repeat", ""), "steps": steps}


def _stored(policy: EscalationPolicy | None) -> dict[str, Any]:
    if policy is None:
        return {"name": "", "repeat": "0", "steps": [dict(BLANK)]}
    steps = [
        {
            "targets": [f"{one['kind']}:{one['id']}" for one in step["targets"]],
            "wait": words(step["wait_seconds"]),
            "round_robin": step["round_robin"],
        }
        for step in policy.steps
    ]
    return {"name": policy.name, "repeat": str(policy.repeat), "steps": steps}


def _as_json(typed: Mapping[str, Any]) -> dict[str, Any]:
    repeat = typed["repeat"].strip()
    steps = []
    for step in typed["steps"]:
        pairs = [target.partition(":") for target in step["targets"]]
        steps.append(
            {
                "targets": [{"kind": kind, "id": identity} for kind, _, identity in pairs],
                "wait_seconds": step["wait"],
                "round_robin": step["round_robin"],
            }
        )
    return {
        "name": typed["name"],
        "repeat": int(repeat) if repeat.isascii() and repeat.isdigit() else repeat,
        "steps": steps,
    }


def _choices() -> Choices:
    """Whom a step can tell, by kind; kinds of which there is nobody are left out."""
    schedules = Schedule.objects.order_by("name").values_list("pk", "name")
    channels = NotificationChannel.objects.order_by("name").values_list("pk", "name")
    found = [
        ("Whoever is on call by", [(f"schedule:{pk}", name) for pk, name in schedules]),
        ("People", [(f"person:{pk}", name) for pk, name in members().items()]),
        ("Channels", [(f"channel:{pk}", name) for pk, name in channels]),
    ]
    return [(title, rows) for title, rows in found if rows]
