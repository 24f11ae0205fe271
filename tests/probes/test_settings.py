"""The table of kinds keeps its promises: settings survive being stored, and the docs name each of them."""

import re
from pathlib import Path

import pytest

from monitors.assertions.model import Source
from monitors.assertions.reading import load
from monitors.controls import settings_as_typed, value_of
from monitors.probes import PROBES
from monitors.probes.settings import text
from pulse.fields import ConfigError, FieldError

DOCS = Path(__file__).parents[2] / "docs" / "checks"


@pytest.mark.parametrize("kind", sorted(PROBES))
def test_defaults_are_what_an_empty_object_gives_where_that_is_enough(kind: str) -> None:
    settings = PROBES[kind].settings
    names = [setting.name for setting in settings.all]

    assert len(names) == len(set(names))
    for setting in settings.all:
        if setting.default not in ("", None, b""):
            assert setting.read(setting.write(setting.default)) == setting.default, setting.name


@pytest.mark.parametrize("kind", sorted(kind for kind in PROBES if (DOCS / f"{kind}.md").exists()))
def test_page_names_every_setting_and_source(kind: str) -> None:
    page = (DOCS / f"{kind}.md").read_text("utf-8")

    missing = [setting.name for setting in PROBES[kind].settings.all if f"`{setting.name}`" not in page]
    missing += [
        f"[{one.value.upper()}]" for one in PROBES[kind].sources if f"[{one.value.upper()}]" not in page
    ]

    assert missing == []


NUMBERS = [
    (kind, setting.name)
    for kind in PROBES
    for setting in PROBES[kind].settings.all
    if setting.control == "number"
]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_number_that_its_page_lets_be_empty_may_be(kind: str, name: str) -> None:
    """Also where it has a default: how else would a limit be switched off?"""
    [setting] = [one for one in PROBES[kind].settings.all if one.name == name]
    rows = [line.split("|") for page in DOCS.glob("*.md") for line in page.read_text().splitlines()]
    told = [row for row in rows if len(row) > 3 and f"`{name}`" in row[1] and row[2].endswith("empty ")]
    config = {name: value_of(setting, "")}

    assert bool(told) <= setting.is_optional
    if setting.is_optional:
        assert getattr(PROBES[kind].load(config), name) is None
        assert settings_as_typed(PROBES[kind].settings, config)[name] is None  # and it is shown empty again
    else:
        with pytest.raises(ConfigError):
            PROBES[kind].load(config)


def test_every_example_of_an_assertion_in_the_docs_is_read() -> None:
    blocks = [
        block
        for page in DOCS.glob("*.md")
        for block in re.findall(r"```\n(.*?)```", page.read_text("utf-8"), re.S)
    ]
    lines = [line for block in blocks for line in block.splitlines() if line.startswith(("[", "len("))]

    assert len(load(lines[:50], frozenset(Source))) == min(50, len(lines)) > 5


@pytest.mark.parametrize(
    ("value", "words"),
    [(5, "as text"), ("x" * 11, "at most 10"), ("a\nb", "on one line"), ("a\x7f", "on one line")],
)
def test_text_that_cannot_be_kept_is_refused(value: object, words: str) -> None:
    with pytest.raises(FieldError, match=words):
        text("name", "Name", longest=10).read(value)
