"""Addresses of static files, each worked out once a process: a page names some thirty of them."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class _Remembered:
    """Only for names that stand in templates: there are only so many."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str, str] = {}

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        if name not in self._urls:
            self._urls[name] = super().url(name, *args, **kwargs)  # type: ignore[misc]
        return self._urls[name]


class Plain(_Remembered, StaticFilesStorage):  # type: ignore[misc]
    """As the files are called."""


class Hashed(_Remembered, CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # without types
    """With a hash of what is in them, so that browsers keep them for good."""
