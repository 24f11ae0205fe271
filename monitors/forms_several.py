"""What people fill in for many monitors at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import format_html

from monitors import bulk, definition, details, importing
from monitors.changing import ACTIONS
from monitors.controls import Plain, number_of, numeric, unix_lines
from monitors.filling import owners
from monitors.models import Monitor
from monitors.policy import POLICY_READERS
from pulse.fields import FieldError

# Pasted or in a file, which comes back as text to be looked at: pages take twice that (DATA_UPLOAD_MAX_MEMORY_SIZE).
BYTES_AT_MOST = 1_000_000
TOO_LARGE = f"Divide it: at most {BYTES_AT_MOST:,} bytes can be read at once, and there are {{:,}}."
# All that some action needs, and what of it means "as each has it" while it is empty.
FIELDS = tuple(dict.fromkeys(name for _, names in ACTIONS.values() for name in names))
PLACES = ACTIONS["locations"][1]
AS_IT_IS = frozenset({"quorum", *ACTIONS["policy"][1]})
READERS = {**definition.READERS, **POLICY_READERS}


class Pasted(forms.CharField):
    """Needed where no file is chosen, so it says nothing of being optional."""

    is_plain = True


class ImportForm(forms.Form):
    """`cleaned_data["text"]` is what was pasted, or what a chosen file holds."""

    text = Pasted(
        label="Addresses",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One on each line, with a name beside it if you like; or CSV with a heading: name, url, type, "
        "keyword, interval, timeout, tags, owner, runbook, notes.",
    )
    file = forms.FileField(label="Or a file", required=False, help_text="Text or CSV in UTF-8.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if (file := data.get("file")) is not None:
            data["text"] = self._text_of(file)
        elif (size := len(unix_lines(data.get("text", "")).encode())) > BYTES_AT_MOST:
            self.add_error("text", TOO_LARGE.format(size))
        if self.errors:
            return data
        lines = importing.read(data.get("text", "").replace("\0", ""))
        if not lines:
            self.add_error("text", "Paste at least one address, like https://example.com/.")
        if len(lines) > importing.AT_MOST:
            self.add_error(
                "text", f"Paste at most {importing.AT_MOST:,} lines at once; there are {len(lines):,}."
            )
        return data

    def _text_of(self, file: Any) -> str:
        if file.size > BYTES_AT_MOST:
            self.add_error("file", TOO_LARGE.format(file.size))
            return ""
        raw: bytes = file.read()
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "Save the file as UTF-8: it has letters in another encoding.")
            return ""


class Ticked(forms.MultipleChoiceField):
    """Of what was ticked, what is still there."""

    def to_python(self, value: Any) -> list[str]:
        there = dict(self.choices)  # type: ignore[arg-type]
        return [pk for pk in super().to_python(value) if pk in there]


class SeveralForm(forms.Form):
    """One change for the ticked monitors. `cleaned_data["changes"]` is what a script would send, without tags."""

    action = forms.ChoiceField(label="What to do")
    tags = Plain(label="Tags", help_text="Separated by commas.")
    interval_seconds = numeric("Check every", "Seconds, from 5 to 86400.")
    timeout_seconds = numeric("Give up after", "Seconds, fewer than the interval of each.")
    retry_seconds = numeric(
        "Look again after", "Seconds, while a change is not confirmed. Empty: at the next check."
    )
    down_after = numeric("Down after", "Failures in a row. Empty: as each has it.")
    up_after = numeric("Up again after", "Answers in a row. Empty: as each has it.")
    degraded_after = numeric("Degraded after", "Soft results in a row. Empty: as each has it.")
    locations = forms.MultipleChoiceField(
        label="Locations",
        widget=forms.CheckboxSelectMultiple,
        help_text="From where they are checked. Without a tick: from the installation's own.",
    )
    quorum = numeric("Locations that must agree", "Empty: as each has it.")
    owner = forms.ChoiceField(label="Owner")
    depends_on = forms.ChoiceField(label="Depends on")
    runbook_url = Plain(
        label="Runbook", help_text="In place of those that they have. Empty: none.",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    notes = Plain(
        label="Notes",
        help_text="In place of those that they have. Empty: none.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    monitors = Ticked(
        label="Monitors",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one monitor."},
    )

    def __init__(self, data: Any = None, *, monitors: Sequence[Monitor]) -> None:
        super().__init__(data)
        everyone = [
            (str(pk), name) for pk, name in Monitor.objects.order_by("name").values_list("pk", "name")
        ]
        codes = details.location_codes()
        self._choose("monitors", [(str(row.pk), _told_apart(row)) for row in monitors])
        self._choose("depends_on", [("", "Nothing"), *everyone])
        self._choose("owner", owners(None))
        self._choose("locations", [(code, code) for code in codes])
        offered = [
            (name, words) for name, (words, _) in ACTIONS.items() if name != "locations" or len(codes) > 1
        ]
        self._choose("action", offered)
        for name in FIELDS:
            # What an action does not need is left alone; the script hides it.
            users = " ".join(action for action, (_, used) in ACTIONS.items() if name in used)
            self.fields[name].required = False
            self.fields[name].is_plain = True  # type: ignore[attr-defined]
            self.fields[name].widget.attrs |= {"data-only": "action", "data-only-for": users}

    def parts(self) -> list[BoundField]:
        """What the actions need, in their order."""
        offered = dict(self.fields["action"].choices)  # type: ignore[attr-defined]
        return [self[name] for name in FIELDS if name not in PLACES or "locations" in offered]

    def kept(self) -> list[tuple[str, str]]:
        """What was posted for this action, for the button that carries it out; the monitors come beside it."""
        names = ("action", *ACTIONS[self.cleaned_data["action"]][1])
        return [(name, value) for name in names for value in self.data.getlist(name)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        action = data.get("action", "")
        used = ACTIONS[action][1] if action else ()
        asked = {name: data[name] for name in used if name in data and (data[name] or name not in AS_IT_IS)}
        read = {name: self._read(name, typed) for name, typed in asked.items()}
        if action == "policy":
            if not asked:
                self.add_error("down_after", "Write at least one of the three numbers.")
            read = {"policy": read}
        elif action in ("pause", "resume"):
            read = {"enabled": action == "resume"}
        data["tags"] = read.pop("tags", [])
        if "tags" in used and not data["tags"] and "tags" not in self.errors:
            self.add_error("tags", "Write at least one tag.")
        data["changes"] = read
        if len(data.get("monitors", [])) > bulk.AT_MOST:
            self.add_error("monitors", f"Choose at most {bulk.AT_MOST:,}.")
        return data

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _read(self, name: str, typed: Any) -> Any:
        """As the definition of each would read it, so that one complaint is enough."""
        try:
            return READERS[name](_as_sent(name, typed))
        except FieldError as error:
            self.add_error(name, str(error))
            return None


def _told_apart(row: Monitor) -> str:
    """Two of one name differ in what they watch."""
    what = f"{row.kind} · {row.target}" if row.target else row.kind
    return format_html('<span>{} <span class="text-muted">{}</span></span>', row.name, what)


def _as_sent(name: str, typed: Any) -> Any:
    """What a script would send for what was typed; text that is no number stays text and is refused."""
    match name:
        case "tags":
            return typed.split(",")
        case "depends_on":
            return [typed] if typed else []
        case "owner" | "retry_seconds" if not typed:
            return None
        case "owner" | "locations" | "runbook_url" | "notes":
            return typed
        case _:
            return number_of(typed)
