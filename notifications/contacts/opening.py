"""A contact method's settings at rest and in use; its secrets are sealed to its row."""

from __future__ import annotations

from typing import Any

from notifications import sealing
from notifications.contacts.models import ContactMethod
from notifications.transports import TRANSPORTS
from pulse.crypto import Place


def place(method: ContactMethod) -> Place:
    return Place("people", "contact_method", "secret", str(method.pk))


def stored(method: ContactMethod) -> sealing.Stored:
    """Raises SealError where its secrets do not open."""
    return sealing.Stored(method.config, sealing.opened(method.sealed_secret, place(method)))


def settings_of(method: ContactMethod) -> Any:
    """What its transport sends with. Raises ConfigError where the settings no longer fit."""
    return sealing.load(TRANSPORTS[method.kind], stored(method))


def keep(method: ContactMethod, found: sealing.Stored) -> None:
    """Put settings that were read into a row that is not saved yet."""
    method.config, method.sealed_secret = found.shown, sealing.sealed(found.hidden, place(method))


def recipient(method: ContactMethod) -> str:
    return TRANSPORTS[method.kind].recipient(method.config)
