"""Turn the posted form of a rule into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms

from monitors.controls import Typed
from monitors.heartbeats.durations import words
from monitors.models import Monitor
from notifications import rules
from notifications.hours import DAYS
from notifications.models import EscalationPolicy, Event, NotificationChannel, Rule, Severity
from pulse.fields import ConfigError
from tenants import zones

TEXT = {"autocomplete": "off", "spellcheck": "false"}
CLOCK = {"type": "time", "autocomplete": "off"}
# What is typed as a duration, like "10 min", and what an empty field means.
DURATIONS = {"delay": 0, "repeat": None, "cooldown": None, "digest": 0}
HOURS = ("zone", "days", "starts", "ends")


class Ticked(forms.MultipleChoiceField):
    """What was ticked, as it came: the definition judges it, in the words that the API uses too."""

    widget = forms.CheckboxSelectMultiple
    is_plain = True

    def clean(self, value: Any) -> list[str]:
        return [str(item) for item in value or ()]


def duration(label: str, help_text: str) -> Typed:
    return Typed(label=label, help_text=help_text, required=False, widget=forms.TextInput(attrs=TEXT))


class RuleForm(forms.Form):
    """`cleaned_data` is what `rules.read` returned."""

    name = Typed(label="Name", widget=forms.TextInput(attrs=TEXT))
    scope = forms.ChoiceField(
        label="Which monitors",
        choices=[("all", "All monitors, later ones too"), ("chosen", "Only those chosen here")],
        widget=forms.RadioSelect,
    )
    tags = Typed(
        label="With one of these tags", required=False, help_text="Separated by commas.",
        widget=forms.TextInput(attrs=TEXT),
    )  # fmt: skip
    groups = Ticked(label="Members of these groups")
    monitors = Ticked(label="Chosen monitors")
    on = Ticked(label="When one of them", choices=Event.choices)
    severities = Ticked(
        label="Only of these severities", choices=Severity.choices, help_text="None ticked: of all."
    )
    channels = Ticked(label="Tell these channels")
    policy = forms.ChoiceField(
        label="Call people by this policy",
        required=False,
        help_text="One after the other, until somebody acts.",
    )
    delay = duration("After it has lasted", "Like 5 min; shorter outages are not told. Empty: told at once.")
    repeat = duration("Say it again every", "Like 30 min, while it lasts and nobody has it. Empty: once.")
    cooldown = duration("Then be silent about that monitor for", "Like 1 h. Empty: every outage is told.")
    digest = duration(
        "Gather what comes within", "Like 2 min: one message instead of many. Empty: each at once."
    )
    zone = Typed(
        label="Time zone of the hours", required=False, help_text="Like Europe/Berlin. Empty: at all hours.",
        widget=forms.TextInput(attrs={**TEXT, "list": "zones"}),
    )  # fmt: skip
    days = Ticked(label="On these days", choices=list(enumerate(DAYS)))
    starts = Typed(label="From", required=False, widget=forms.TextInput(attrs=CLOCK))
    ends = Typed(label="To", required=False, widget=forms.TextInput(attrs=CLOCK))
    enabled = forms.BooleanField(
        label="In force", required=False, help_text="Without the tick nobody is told because of this rule."
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        rule: Rule | None = None,
        monitors: Iterable[str] = (),
    ) -> None:
        self.rule = rule
        super().__init__(data, initial=_as_typed(rule) if rule else _blank(monitors))
        named = Monitor.objects.order_by("name", "pk")
        self._offer("monitors", named.values_list("pk", "name"))
        self._offer("groups", named.filter(kind=Monitor.GROUP).values_list("pk", "name"))
        self._offer("channels", NotificationChannel.objects.order_by("name", "pk").values_list("pk", "name"))
        known = [(str(pk), name) for pk, name in EscalationPolicy.objects.values_list("pk", "name")]
        self.fields["policy"].choices = [("", "Nobody beside the channels"), *known]  # type: ignore[attr-defined]

    @property
    def zones(self) -> list[str]:
        return zones.names()

    @property
    def waits(self) -> bool:
        """Whether the finer settings are used or wrong, so that their part of the form is open."""
        names = (*DURATIONS, *HOURS, "severities")
        return any(self[name].value() not in (None, "", []) or name in self.errors for name in names)

    def _offer(self, name: str, rows: Iterable[tuple[object, str]]) -> None:
        """Those that are ticked come first: in a list of a thousand they are what one looks for."""
        ticked = {str(item) for item in self[name].value() or ()}
        found = [(str(pk), word) for pk, word in rows]
        field = cast(Ticked, self.fields[name])
        field.choices = sorted(found, key=lambda row: row[0] not in ticked)

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        plain = ("name", "channels", "on", "enabled", "severities")
        wanted = {name: typed.get(name) for name in plain} | {"policy": typed.get("policy") or None}
        is_all = typed.get("scope") == "all"
        wanted["monitors"] = rules.ALL if is_all else typed.get("monitors", [])
        wanted["groups"] = [] if is_all else typed.get("groups", [])
        wanted["tags"] = [] if is_all else [tag.strip() for tag in typed["tags"].split(",") if tag.strip()]
        wanted["hours"] = self._hours(typed)
        for name, empty in DURATIONS.items():
            wanted[f"{name}_seconds"] = typed[name] or empty
        try:
            return rules.read(wanted, self.rule)
        except ConfigError as error:
            self._complain(error)
        return typed

    def _hours(self, typed: Mapping[str, Any]) -> dict[str, Any] | None:
        if not any(typed.get(name) for name in HOURS):
            return None
        days = [int(day) for day in typed["days"] if day.isdigit()]
        return {name: typed[name] for name in HOURS if typed.get(name)} | ({"days": days} if days else {})

    def _complain(self, error: ConfigError) -> None:
        """Each complaint at its field, in the words that a script gets; one complaint a field is enough."""
        for pointer, text in error.errors:
            name = pointer.rpartition("/")[2].removesuffix("_seconds")
            name = {"hours": "zone"}.get(name, name)
            known = name if name in self.fields else None
            if known is None or known not in self.errors:
                self.add_error(known, text)


def _as_typed(rule: Rule) -> dict[str, Any]:
    known = rules.as_json(rule)
    typed = {
        **known,
        **(rule.hours or {}),
        "scope": "all" if rule.all_monitors else "chosen",
        "monitors": [] if rule.all_monitors else known["monitors"],
        "tags": ", ".join(rule.tags),
    }
    for name in DURATIONS:
        seconds = known[f"{name}_seconds"]
        typed[name] = words(seconds) if seconds else ""
    return typed


def _blank(monitors: Iterable[str]) -> dict[str, Any]:
    chosen = list(monitors)
    return {
        "scope": "chosen" if chosen else "all",
        "monitors": chosen,
        "on": [Event.DOWN.value, Event.UP.value],
        "enabled": True,
    }
