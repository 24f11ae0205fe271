"""Turn a posted form into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from monitors import definition, details, editing, filling, trying
from monitors.assertions.setting import examples
from monitors.controls import Typed, field_of, number_of, numeric, values_of
from monitors.forms_policy import PolicyFields
from monitors.kinds import KINDS
from monitors.models import Monitor
from monitors.policy import POLICY_FIELDS
from monitors.probes import PROBES
from pulse import scoping
from pulse.fields import ConfigError
from tenants.actors import Actor
from tenants.models import Organisation
from tenants.settings_forms import DURATION_CHOICES, DURATIONS

OF_PROBES = (
    "target", "interval_seconds", "timeout_seconds", "retry_seconds", "upside_down", "locations", "quorum",
)  # fmt: skip
TEXTS = ("name", "notes", "runbook_url")
# Somebody deleted it while the form was open.
GONE = {"invalid_choice": "One of them is gone meanwhile: look at what is ticked, and save again."}
# What a kind is about: its section is open.
OPENED = frozenset({"assertions", "queries", "thresholds"})
RULES = [
    ("all", "all of its members work"),
    ("any", "one of its members works"),
    ("at_least", "at least so many of its members work"),
]


class MonitorForm(PolicyFields):
    """`cleaned_data` is what `definition.read` returned. The settings of the kind are fields like all others."""

    name = Typed(label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    target = Typed(
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"})
    )
    interval_seconds = numeric("Check every", "Seconds, from 5 to 86400.")
    timeout_seconds = numeric("Give up after", "Seconds, fewer than the interval.")
    retry_seconds = numeric(
        "Look again after", "Seconds; to confirm a change sooner than the next check would.", required=False
    )
    upside_down = forms.BooleanField(
        label="Upside down",
        required=False,
        help_text="It is good when the check fails: nothing should answer there.",
    )
    locations = forms.MultipleChoiceField(
        label="Locations",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="From where it is checked.",
    )
    quorum = numeric("Locations that must agree", "So many of them must see it down.")
    depends_on = forms.MultipleChoiceField(
        label="Depends on",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="While one of these is down, this one goes down without telling anybody.",
        error_messages=GONE,
    )
    tags = Typed(label="Tags", required=False, help_text="Separated by commas, like shop, eu.")
    owner = forms.ChoiceField(
        label="Owner",
        required=False,
        help_text="Who looks after it.",
        error_messages={"invalid_choice": "Choose another one: only a member can look after it."},
    )
    runbook_url = Typed(
        label="Runbook", required=False, help_text="A link to what to do when it is down.",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    notes = Typed(label="Notes", required=False, widget=forms.Textarea(attrs={"rows": 4}))
    enabled = forms.BooleanField(
        label="Watch it", required=False, help_text="Without the tick it is paused: nobody checks it."
    )

    def __init__(
        self,
        data: QueryDict | Mapping[str, Any] | None = None,
        *,
        monitor: Monitor | None = None,
        kind: str = "http",
        like: Monitor | None = None,
    ) -> None:
        self.monitor = monitor
        known = definition.as_json(monitor) if monitor else filling.copied(like) if like else None
        self.left_out = filling.secrets_of(like) if like and data is None else []
        self.known = {**definition.defaults(kind), "kind": kind, **(known or {})}
        self.kind = self.known["kind"]
        self.is_overtaken = False
        super().__init__(data, initial=filling.as_typed(self.known))
        self._choose_fields()

    @property
    def is_group(self) -> bool:
        return bool(self.kind == Monitor.GROUP)

    @property
    def is_probed(self) -> bool:
        """Somebody asks its target at an interval; other kinds have neither."""
        return self.kind in PROBES

    @property
    def version(self) -> str:
        """Of the monitor that was shown; once somebody was told of a newer one, of that."""
        if self.monitor is None:
            return ""
        return str(
            self.monitor.version if self.is_overtaken else self.data.get("version", self.monitor.version)
        )

    def save(self, organisation: Organisation, by: Actor) -> Monitor | None:
        """The monitor from the valid form; None when it cannot be after all, which the form then says."""
        try:
            if self.monitor is None:
                return editing.create(organisation, self.cleaned_data, by)
            return editing.update(organisation, self.monitor, self.cleaned_data, by, shown=self.version)
        except ConfigError as error:
            if self.monitor is not None and any(pointer == "/version" for pointer, _ in error.errors):
                self.is_overtaken = True
                self.monitor.refresh_from_db(fields=["version"])
            self._complain(error)
        return None

    @property
    def can_be_tried(self) -> bool:
        """A source can be asked with the draft, before anything is saved."""
        return bool(self.kind == trying.KIND)

    def tried(self, data: Mapping[str, Any]) -> trying.Trial | None:
        """What the valid draft shows when somebody asks for that; why it cannot be tried is a complaint of the form."""
        if "try" not in data or not self.can_be_tried:
            return None
        try:
            return trying.try_out(scoping.current(), self.cleaned_data)
        except ConfigError as error:
            self._complain(error)
        return None

    @property
    def title(self) -> str:
        return "Group" if self.is_group else KINDS[self.kind].title

    @property
    def placeholder(self) -> str:
        """Of the target; of the name where there is no target."""
        if self.is_probed:
            return PROBES[self.kind].placeholder
        return "web-1" if self.kind == "host" else "Nightly backup"

    @property
    def impossible(self) -> str:
        """Why the machine that shows this form could not make such checks; workers may stand elsewhere."""
        return PROBES[self.kind].missing() if self.is_probed else ""

    def sections(self) -> list[tuple[str, list[BoundField], bool]]:
        """The settings of the kind under their headings; open are the first, OPENED, and what is used or wrong."""
        if self.is_group:
            return []
        found = []
        for place, part in enumerate(KINDS[self.kind].settings.sections):
            names = [setting.name for setting in part.settings]
            used = any(name in self.known["config"] for name in names) or any(
                name in self.errors for name in names
            )
            is_open = place == 0 or used or not OPENED.isdisjoint(names)
            found.append((part.title, [self[name] for name in names], is_open))
        return found

    def clean(self) -> dict[str, Any]:
        # In place of what is wrong already, what was there: all else is read too, and all complaints come at once.
        typed = {name: self.initial.get(name, "") for name in self.fields} | self.cleaned_data
        try:
            return definition.read(self._as_json(typed), self.monitor)
        except ConfigError as error:
            self._complain(error, set(self.errors))
        return self.cleaned_data

    def _complain(self, error: ConfigError, but: Collection[str] = ()) -> None:
        """What was wrong before it was read is not told twice."""
        for pointer, words in error.errors:
            field = self._field_of(pointer)
            if field is None or field not in but:
                self.add_error(field, words)

    def _choose_fields(self) -> None:
        codes = details.location_codes()
        self.fields["locations"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        if len(codes) < 2 and not self.known["locations"]:
            del self.fields["locations"], self.fields["quorum"]
        self.fields["depends_on"].choices = filling.others(self.monitor)  # type: ignore[attr-defined]
        self.fields["owner"].choices = filling.owners(self.known["owner"])  # type: ignore[attr-defined]
        if not self.is_probed:
            for name in OF_PROBES:
                self.fields.pop(name, None)
        self.suit_policy(self.kind, is_probed=self.is_probed)
        if self.kind == "metrics" and not self.known["upside_down"]:
            del self.fields["upside_down"]  # a bound is turned over by its comparison
        if self.is_group:
            for name in POLICY_FIELDS:
                self.fields.pop(name, None)
            self.fields |= _group_fields(self.monitor)
            return
        self.fields |= {setting.name: field_of(setting) for setting in KINDS[self.kind].settings.all}
        if not self.is_probed:
            return
        probe = PROBES[self.kind]
        self.fields["target"].label, self.fields["target"].help_text = probe.target_label, probe.target_help
        if "assertions" in self.fields:
            self.fields["assertions"].widget.attrs["placeholder"] = "\n".join(examples(probe.sources))

    def _field_of(self, pointer: str) -> str | None:
        """The field that a complaint is about: /config/assertions/2 is about the assertions."""
        parts = [part for part in pointer.split("/") if part not in ("", "config", "policy")]
        return parts[0] if parts and parts[0] in self.fields else None

    def _as_json(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, in the types that scripts send; text that is no number stays text and is refused."""
        found: dict[str, Any] = {name: typed[name] for name in TEXTS}
        found |= {
            name: number_of(typed[name]) for name in filling.NUMBERS if name in typed and name in self.data
        }
        if "retry_seconds" in typed:
            found["retry_seconds"] = number_of(typed["retry_seconds"]) if typed["retry_seconds"] else None
        if policy := self.policy_of(typed):
            found["policy"] = policy
        if "locations" in typed:
            found["locations"] = typed["locations"]
        return found | {
            "kind": self.kind,
            "target": typed.get("target", ""),
            "upside_down": typed.get("upside_down", False),
            "depends_on": typed["depends_on"],
            "tags": [tag for tag in typed["tags"].split(",") if tag.strip()],
            "owner": typed["owner"] or None,
            "enabled": typed["enabled"],
            "config": self._config(typed),
        }

    def _config(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        if self.is_group:
            needed = number_of(typed["needed"]) if typed["needed"] else 1
            return {"members": list(typed["members"]), "rule": typed["rule"], "needed": needed}
        all_settings = {setting.name: setting for setting in KINDS[self.kind].settings.all}
        posted = [
            setting
            for setting in all_settings.values()
            if setting.name in self.data
            or setting.control == "switch"  # a box without its tick is not posted
        ]
        # What this version knows no more has no field that could be emptied.
        known = {name: value for name, value in self.known["config"].items() if name in all_settings}
        return {**known, **values_of(self, posted, typed, known)}


class SnoozeForm(forms.Form):
    duration = forms.ChoiceField(choices=DURATION_CHOICES, label="For how long")

    def clean_duration(self) -> timedelta:
        return DURATIONS[self.cleaned_data["duration"]]


def _group_fields(monitor: Monitor | None) -> dict[str, forms.Field]:
    choices = filling.others(monitor)
    return {
        "members": forms.MultipleChoiceField(
            label="Members",
            required=False,
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages=GONE,
        ),
        "rule": forms.ChoiceField(label="The group works while", choices=RULES),
        "needed": numeric("At least so many", "Only for the last of these rules.", required=False),
    }
