"""Turn a posted form of a channel into the definition that scripts send too, so that both get the same answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from monitors.controls import Typed, field_of, number_of, numeric, settings_as_typed, values_of
from notifications import channels
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS
from notifications.transports.base import Transport
from pulse.fields import ConfigError

OWN = ("name", "fallback", "fallback_seconds", "hourly_limit")


class ChannelForm(forms.Form):
    """`cleaned_data` is what `channels.read` returned. The settings of the kind are fields like all others."""

    name = Typed(label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    fallback = forms.ChoiceField(
        label="If it does not arrive, tell",
        required=False,
        help_text="When there is no receipt in time, or all tries have failed.",
    )
    fallback_seconds = numeric(
        "Wait for a receipt", "Seconds, from 30; only for kinds whose provider reports back.", required=False
    )
    hourly_limit = numeric(
        "Messages in an hour", "Empty: no limit. What is above it waits, and goes out as one.", required=False
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        kind: str,
        channel: NotificationChannel | None = None,
    ) -> None:
        self.kind, self.channel = kind, channel
        self.known: dict[str, Any] = (
            channels.as_json(channel) if channel else {"config": {}, "fallback_seconds": 300}
        )
        super().__init__(data, initial=_as_typed(self.transport, self.known))
        self.fields |= {one.name: field_of(one) for one in self.transport.settings.all}
        self.fields["fallback"].choices = _others(channel)  # type: ignore[attr-defined]

    @property
    def transport(self) -> Transport:
        return TRANSPORTS[self.kind]

    def sections(self) -> list[tuple[str, list[BoundField], bool]]:
        """The settings under their headings; open are the first, and what is used or wrong."""
        found = []
        for place, part in enumerate(self.transport.settings.sections):
            names = [one.name for one in part.settings]
            is_used = any(name in self.known["config"] or name in self.errors for name in names)
            found.append((part.title, [self[name] for name in names], place == 0 or is_used))
        return found

    @property
    def is_limited(self) -> bool:
        """Its own limits are used or wrong, so their section is open."""
        return bool(self.known.get("fallback") or self.known.get("hourly_limit")) or any(
            name in self.errors for name in OWN[1:]
        )

    def clean(self) -> dict[str, Any]:
        try:
            return channels.read({"kind": self.kind, **self._as_json(self.cleaned_data)}, self.channel)
        except ConfigError as error:
            for pointer, words in error.errors:
                name = next((part for part in pointer.split("/") if part in self.fields), None)
                if name is None or name not in self.errors:
                    self.add_error(name, words)
        return self.cleaned_data

    def _as_json(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, in the types that scripts send. What was not posted stays as it is."""
        posted = [
            one for one in self.transport.settings.all if one.name in self.data or one.control == "switch"
        ]
        found: dict[str, Any] = {
            "name": typed.get("name", ""),
            "config": {**self.known["config"], **values_of(self, posted, typed, self.known["config"])},
        }
        if "fallback" in self.data and "fallback" in typed:
            found["fallback"] = typed["fallback"] or None
        if typed.get("fallback_seconds"):
            found["fallback_seconds"] = number_of(typed["fallback_seconds"])
        if "hourly_limit" in self.data:
            found["hourly_limit"] = number_of(typed["hourly_limit"]) if typed["hourly_limit"] else None
        return found


def _as_typed(transport: Transport, known: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: "" if known.get(name) is None else known[name] for name in OWN}
    return {**own, **settings_as_typed(transport.settings, known["config"])}


def _others(channel: NotificationChannel | None) -> list[tuple[str, str]]:
    names = NotificationChannel.objects.order_by("name").values_list("pk", "name")
    others = [(str(pk), name) for pk, name in names if not channel or pk != channel.pk]
    return [("", "nobody else"), *others]
