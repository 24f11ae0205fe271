"""The fields of a form that say when a monitor counts as down, degraded or flapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from monitors.controls import Typed, decimal_of, number_of, numeric
from monitors.policy import POLICY_FIELDS

# What the policy counts, where that is neither a check nor an assertion.
POLICY_HELP = {
    "heartbeat": {
        "down_after": "Failures or missed times in a row.",
        "up_after": "Successes in a row.",
    },
    "host": {
        "down_after": "Judgements in a row beyond a critical bound; silence is down at once.",
        "up_after": "Judgements in a row within all bounds.",
        "degraded_after": "Judgements in a row beyond a warning bound.",
    },
    "metrics": {
        "down_after": "Results in a row beyond a critical bound. As many that say nothing make it unknown.",
        "up_after": "Results in a row within all bounds.",
        "degraded_after": "Results in a row beyond a warning bound.",
    },
}
ALWAYS = ("down_after", "up_after", "degraded_after")
MAY_BE_EMPTY = ("degraded_up_after", "slow_ms")
SHARES = ("ratio", "flapping_above", "flapping_below")


def _counted(label: str, help_text: str) -> Typed:
    """A count of results, which a slider may set too."""
    field = numeric(label, help_text)
    field.widget.attrs["data-slider"] = "1 20"
    return field


class PolicyFields(forms.Form):
    """Counts of results, shares in percent, times: what is left empty where it may be has no effect."""

    down_after = _counted("Down after", "Failures in a row.")
    up_after = _counted("Up again after", "Answers in a row.")
    degraded_after = _counted(
        "Degraded after", "Soft results in a row: a soft assertion failed, or it was slow."
    )
    slow_ms = numeric(
        "Slow from", "Milliseconds; a slower answer is a soft result. Empty: never.", required=False
    )
    degraded_up_after = numeric(
        "Not degraded after", "Good results in a row. Empty: as many as for up again.", required=False
    )
    window = numeric(
        "Or by a share of the last", "Results, 2 to 30; then failures need not be in a row. 0: in a row only."
    )
    ratio = numeric("Down at so many failed", "Percent of those results.")
    quiet_seconds = numeric(
        "Up only after quiet for", "Seconds without a failure. 0: the answers are enough."
    )
    flapping_above = numeric(
        "Flapping from", "Percent of changes among the last 20, new ones weighted more. 0: never."
    )
    flapping_below = numeric("No longer flapping at", "Percent of changes; less than the other.")

    def suit_policy(self, kind: str, *, is_probed: bool) -> None:
        """What a kind has no use for goes, and the rest says what it counts."""
        if kind == "heartbeat":
            del self.fields["degraded_after"]  # a job did its work or did not
            self.fields.pop("degraded_up_after")
        if not is_probed:
            del self.fields["slow_ms"]
        for name, words in POLICY_HELP.get(kind, {}).items():
            self.fields[name].help_text = words

    def finer_policy(self) -> list[BoundField]:
        """What most leave as it is."""
        return [self[name] for name in POLICY_FIELDS if name in self.fields and name not in ALWAYS]

    @property
    def is_policy_finer(self) -> bool:
        """Something of it is used, or wrong: it is shown at once."""
        names = {field.name for field in self.finer_policy()}
        used = any(
            self[name].value() not in ("", "0", 0, None)
            for name in ("window", "quiet_seconds")
            if name in names
        )
        slow = "slow_ms" in names and self["slow_ms"].value() not in ("", None)
        return used or slow or not names.isdisjoint(self.errors)

    def policy_of(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, as scripts send it; text that is no number stays text and is refused."""
        posted = [name for name in POLICY_FIELDS if name in typed and name in self.data]
        return {name: _value(name, typed[name]) for name in posted}


def policy_as_sent(data: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the fields of a form, before anybody has read it: {"policy": ..., "quorum": ...}."""
    policy = {name: _value(name, data[name].strip()) for name in POLICY_FIELDS if name in data}
    return {"policy": policy} | ({"quorum": number_of(data["quorum"].strip())} if "quorum" in data else {})


def label_of(pointer: str) -> str:
    """What a person calls the field that a complaint is about; "" for one about the whole."""
    field = PolicyFields.base_fields.get(pointer.rpartition("/")[2])
    return str(field.label) if field else ""


def policy_as_typed(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Shares as percent; nothing where nothing is set."""
    return {
        name: f"{value * 100:g}" if name in SHARES else "" if value is None else value
        for name, value in policy.items()
    }


def _value(name: str, typed: str) -> Any:
    if name in MAY_BE_EMPTY and not typed:
        return None
    if name not in SHARES:
        return number_of(typed)
    percent = decimal_of(typed)
    return percent / 100 if isinstance(percent, int | float) else percent
