"""Turn posted forms into the definitions that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms

from monitors.controls import Typed
from monitors.models import Monitor
from notifications import rules
from notifications.models import Event, NotificationChannel, Rule
from pulse.fields import ConfigError


class Ticked(forms.MultipleChoiceField):
    """What was ticked, as it came: the definition judges it, in the words that the API uses too."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> list[str]:
        return [str(item) for item in value or ()]


class RuleForm(forms.Form):
    """`cleaned_data` is what `rules.read` returned."""

    name = Typed(label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    scope = forms.ChoiceField(
        label="Which monitors",
        choices=[("all", "All monitors, later ones too"), ("chosen", "Only the chosen ones")],
        widget=forms.RadioSelect,
    )
    monitors = Ticked(label="Chosen monitors")
    on = Ticked(label="When one of them", choices=Event.choices)
    channels = Ticked(label="Tell these channels")
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
        self._offer("monitors", Monitor.objects.order_by("name", "pk").values_list("pk", "name"))
        self._offer("channels", NotificationChannel.objects.order_by("name", "pk").values_list("pk", "name"))

    def _offer(self, name: str, rows: Iterable[tuple[object, str]]) -> None:
        """Those that are ticked come first: in a list of a thousand they are what one looks for."""
        ticked = {str(item) for item in self[name].value() or ()}
        found = [(str(pk), word) for pk, word in rows]
        field = cast(Ticked, self.fields[name])
        field.choices = sorted(found, key=lambda row: row[0] not in ticked)

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        wanted = {name: typed[name] for name in ("name", "channels", "on", "enabled")}
        wanted["monitors"] = rules.ALL if typed.get("scope") == "all" else typed["monitors"]
        try:
            return rules.read(wanted, self.rule)
        except ConfigError as error:
            _complain(self, error)
        return typed


def _complain(form: forms.Form, error: ConfigError) -> None:
    """Each complaint at its field, in the words that a script gets; one complaint a field is enough."""
    for pointer, words in error.errors:
        name = pointer.rpartition("/")[2]
        known = name if name in form.fields else None
        if known is None or known not in form.errors:
            form.add_error(known, words)


def _as_typed(rule: Rule) -> dict[str, Any]:
    known = rules.as_json(rule)
    return {
        **known,
        "scope": "all" if rule.all_monitors else "chosen",
        "monitors": [] if rule.all_monitors else known["monitors"],
    }


def _blank(monitors: Iterable[str]) -> dict[str, Any]:
    chosen = list(monitors)
    return {
        "scope": "chosen" if chosen else "all",
        "monitors": chosen,
        "on": [event.value for event in Event],
        "enabled": True,
    }
