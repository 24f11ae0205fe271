"""A sealed secret opens only in its place, with its key, undamaged."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as some

from pulse.crypto import Place, SealError, seal, unseal

HERE = Place("01890a5d-ac96-774b-bcce-b302099a8057", "notification_channel", "secret", "7")


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def test_what_was_sealed_opens_in_its_place() -> None:
    sealed = seal("whsec_ünïcode", HERE)

    assert unseal(sealed, HERE) == "whsec_ünïcode"
    assert "whsec" not in sealed
    assert sealed.startswith("v1.k1.")


def test_sealing_twice_gives_two_values() -> None:
    assert seal("same", HERE) != seal("same", HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("01890a5d-ac96-774b-bcce-b302099a8058", HERE.table, HERE.column, HERE.row),
        Place(HERE.organisation, "monitor", HERE.column, HERE.row),
        Place(HERE.organisation, HERE.table, "password", HERE.row),
        Place(HERE.organisation, HERE.table, HERE.column, "8"),
        Place(HERE.organisation, HERE.table + "s", "ecret", HERE.row),
        Place(HERE.organisation, HERE.table, HERE.column + "7", ""),
    ],
)
def test_a_copy_opens_in_no_other_place(elsewhere: Place) -> None:
    sealed = seal("secret", HERE)

    with pytest.raises(SealError):
        unseal(sealed, elsewhere)


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Any) -> None:
    old, new = key("k1"), key("k2")
    settings.PULSE_ENCRYPTION_KEYS = old
    before = seal("secret", HERE)

    settings.PULSE_ENCRYPTION_KEYS = f"{new}, {old}"
    after = seal("secret", HERE)

    assert unseal(before, HERE) == unseal(after, HERE) == "secret"
    assert after.startswith("v1.k2.")
    settings.PULSE_ENCRYPTION_KEYS = new
    assert unseal(after, HERE) == "secret"
    with pytest.raises(SealError):
        unseal(before, HERE)


def test_another_key_under_the_same_name_does_not_open(settings: Any) -> None:
    settings.PULSE_ENCRYPTION_KEYS = key("k1")
    sealed = seal("secret", HERE)
    settings.PULSE_ENCRYPTION_KEYS = key("k1")

    with pytest.raises(SealError) as refused:
        unseal(sealed, HERE)

    assert "secret" not in str(refused.value)


@given(some.data())
def test_a_damaged_value_does_not_open(data: Any) -> None:
    sealed = seal("secret", HERE)
    place = data.draw(some.integers(0, len(sealed) - 1))
    char = data.draw(some.characters(min_codepoint=33, max_codepoint=255))
    damaged = sealed[:place] + char + sealed[place + 1 :]

    if damaged != sealed:
        with pytest.raises(SealError):
            unseal(damaged, HERE)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "v1",
        "v1...",
        "v1.k1..",
        "v2.k1.AAAA.AAAA",
        "v1.k9.AAAAAAAAAAAAAAAA.AAAA",
        "a.b.c.d.e",
        "v1.k1.é.é",
        "\0",
    ],
)
def test_what_was_never_sealed_does_not_open(value: str) -> None:
    with pytest.raises(SealError):
        unseal(value, HERE)


@pytest.mark.parametrize(
    "keys", ["", " ", "k1", "k1:", "k1:short", "k1:" + "A" * 44, ":AAAA", "k.1:" + "QUFB" * 10 + "QUE="]
)
def test_keys_that_cannot_be_are_told_plainly(settings: Any, keys: str) -> None:
    settings.PULSE_ENCRYPTION_KEYS = keys

    with pytest.raises(ImproperlyConfigured, match="PULSE_ENCRYPTION_KEYS"):
        seal("secret", HERE)
