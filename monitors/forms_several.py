"""What people fill in for many monitors at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from monitors import bulk, importing
from monitors.controls import number_of
from monitors.forms import owners
from monitors.models import Monitor

BYTES_AT_MOST = 1_000_000
ACTIONS = [
    ("pause", "Pause them"), ("resume", "Resume them"), ("add_tags", "Add the tags"),
    ("remove_tags", "Remove the tags"), ("interval", "Set the interval"), ("owner", "Set the owner"),
    ("depend", "Set what they depend on"),
    ("delete", "Delete them"),
]  # fmt: skip


class ImportForm(forms.Form):
    """`cleaned_data["text"]` is what was pasted, or what a chosen file holds."""

    text = forms.CharField(
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
        if len(data.get("text", "")) > BYTES_AT_MOST:
            raise forms.ValidationError(f"Paste at most {BYTES_AT_MOST:,} characters at once.")
        lines = importing.read(data.get("text", "").replace("\0", ""))
        if not lines:
            self.add_error("text", "Paste at least one address, like https://example.com/.")
        if len(lines) > importing.AT_MOST:
            self.add_error(
                "text", f"Paste at most {importing.AT_MOST:,} lines at once; there are {len(lines):,}."
            )
        return data

    def _text_of(self, file: Any) -> str:
        raw: bytes = file.read(BYTES_AT_MOST + 1)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "Save the file as UTF-8: it has letters in another encoding.")
            return ""


class SeveralForm(forms.Form):
    action = forms.ChoiceField(label="What to do", choices=ACTIONS)
    tags = forms.CharField(label="Tags", required=False, help_text="To add or remove; separated by commas.")
    interval_seconds = forms.CharField(label="Interval", required=False, help_text="To set: seconds.")
    owner = forms.ChoiceField(label="Owner", required=False, help_text="To set.")
    depends_on = forms.ChoiceField(label="Depends on", required=False, help_text="To set.")
    monitors = forms.MultipleChoiceField(
        label="Monitors",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one monitor."},
    )

    def __init__(self, data: Any = None, *, monitors: Sequence[Monitor]) -> None:
        super().__init__(data)
        self.fields["monitors"].choices = [(str(row.pk), row.name) for row in monitors]  # type: ignore[attr-defined]
        everyone = [
            (str(pk), name) for pk, name in Monitor.objects.order_by("name").values_list("pk", "name")
        ]
        self.fields["depends_on"].choices = [("", "Nothing"), *everyone]  # type: ignore[attr-defined]
        self.fields["owner"].choices = owners(None)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        data["tags"] = [tag.strip().lower() for tag in data.get("tags", "").split(",") if tag.strip()]
        action = data.get("action")
        if action in ("add_tags", "remove_tags") and not data["tags"]:
            self.add_error("tags", "Write at least one tag.")
        if action == "interval":
            data["interval_seconds"] = number_of(data.get("interval_seconds", "").strip())
            if not isinstance(data["interval_seconds"], int):
                self.add_error("interval_seconds", "Use a whole number of seconds from 5 to 86400.")
        data["owner"] = data.get("owner") or None
        if len(data.get("monitors", [])) > bulk.AT_MOST:
            self.add_error("monitors", f"Choose at most {bulk.AT_MOST:,}.")
        return data
