"""The style sheets keep their promises: tokens exist, layers hold, contrasts suffice, nothing is dead."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CSS = ROOT / "static" / "css"
TEMPLATES = ROOT / "templates"
TOKENS = CSS / "tokens.css"
SHEETS = sorted(CSS.rglob("*.css"))
COMPONENTS = sorted((CSS / "components").glob("*.css"))
PAGES = sorted(page for page in TEMPLATES.rglob("*.html") if "email" not in page.relative_to(TEMPLATES).parts)
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))

# Blocks that others place, and the classes that htmx itself sets.
GUESTS = {"status__glyph", "icon", "button", "htmx-request"}
HTMX_STATES = {"htmx-request"}
STATUSES = ("up", "degraded", "down", "flapping", "pending", "maintenance", "paused", "unknown")
PHASES = ("dns", "connect", "tls", "wait", "transfer")
GROUNDS = ("ground", "surface", "surface-raised", "surface-sunken")
SOFT = ("accent-soft", *(f"{status}-soft" for status in STATUSES))
# WCAG 2.2: 4.5 for words (1.4.3), 3 for marks that carry a meaning (1.4.11).
WORDS = [
    *((text, ground) for text in ("text", "text-muted") for ground in (*GROUNDS, *SOFT)),
    *((status, ground) for status in STATUSES for ground in GROUNDS),
    *(("accent", ground) for ground in GROUNDS),
    ("on-accent", "accent"),
    ("on-danger", "danger"),
]
MARKS = [
    *((status, f"{status}-soft") for status in STATUSES),
    *((mark, ground) for mark in ("line-strong", "focus") for ground in GROUNDS),
    *((f"phase-{phase}", "surface") for phase in PHASES),
]


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)


def names(sheets: list[Path]) -> list[str]:
    return [sheet.relative_to(ROOT).as_posix() for sheet in sheets]


def classes(sheet: Path) -> set[str]:
    selectors = re.findall(r"([^{};]+)\{", without_comments(sheet))
    return {found for selector in selectors for found in re.findall(r"\.([a-z][\w-]*)", selector)}


def class_attributes(page: Path) -> list[str]:
    """What stands in class="…", template tags and the quotes inside them included."""
    return re.findall(r'class="((?:[^"{]|\{%.*?%\}|\{\{.*?\}\}|\{)*)"', page.read_text())


def classes_in(page: Path) -> set[str]:
    return set(re.findall(r"[\w-]+", " ".join(class_attributes(page))))


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_each_sheet_has_at_most_120_lines(sheet: Path) -> None:
    assert len(sheet.read_text().splitlines()) <= 120


def test_every_variable_without_fallback_is_defined() -> None:
    defined = {name for sheet in SHEETS for name in re.findall(r"(--[\w-]+)\s*:", without_comments(sheet))}
    read = {
        (sheet.name, name)
        for sheet in SHEETS
        for name in re.findall(r"var\((--[\w-]+)\)", without_comments(sheet))
    }

    assert [use for use in sorted(read) if use[1] not in defined] == []


def test_every_role_is_read_somewhere() -> None:
    roles = set(re.findall(r"(--[\w-]+)\s*:", without_comments(TOKENS)))
    read = {name for sheet in SHEETS for name in re.findall(r"var\((--[\w-]+)", without_comments(sheet))}

    assert sorted(roles - read) == []


def test_layers_are_ordered_once_and_each_is_used() -> None:
    first_line = TOKENS.read_text().splitlines()[0]
    declared = re.fullmatch(r"@layer ([\w, ]+);", first_line)
    opened = [
        (sheet, name) for sheet in SHEETS for name in re.findall(r"@layer (\w+) \{", without_comments(sheet))
    ]

    assert declared
    assert {name for _, name in opened} == set(declared[1].split(", "))
    assert sorted({sheet for sheet, _ in opened}) == SHEETS
    assert {name for sheet, name in opened if sheet in COMPONENTS} == {"components"}


def test_every_sheet_is_linked_once() -> None:
    linked = re.findall(r"css/([\w/-]+\.css)", (TEMPLATES / "layouts" / "_styles.html").read_text())

    assert linked[0] == "tokens.css"
    assert sorted(linked) == sorted(sheet.relative_to(CSS).as_posix() for sheet in SHEETS)


@pytest.mark.parametrize(
    "sheet", [sheet for sheet in SHEETS if sheet != TOKENS], ids=lambda sheet: sheet.name
)
def test_colours_are_literal_in_tokens_only(sheet: Path) -> None:
    functions = r"\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\("
    literal = rf"#[0-9a-f]{{3,8}}\b|{functions}|:\s*(?:white|black|red|green|blue)\b"
    local_references = re.sub(r'url\("#[\w-]+"\)', "", without_comments(sheet))

    assert re.findall(literal, local_references) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_nothing_is_important_but_resets_and_hidden(sheet: Path) -> None:
    lines = [line.strip() for line in without_comments(sheet).splitlines() if "!important" in line]

    assert sheet.name == "reset.css" or lines in ([], ["[hidden] { display: none !important; }"])


@pytest.mark.parametrize("sheet", SHEETS, ids=names(SHEETS))
def test_directions_are_logical(sheet: Path) -> None:
    edges = "left|right|top|bottom"
    physical = rf"\b(?:margin|padding|border)-(?:{edges})\b|(?<![\w-])(?:{edges}|width|height)\s*:"

    assert re.findall(physical, without_comments(sheet)) == []


@pytest.mark.parametrize("sheet", COMPONENTS, ids=lambda sheet: sheet.stem)
def test_a_component_holds_the_block_of_its_name(sheet: Path) -> None:
    own = rf"{sheet.stem}((__|--)[\w-]+)?"

    assert sorted(found for found in classes(sheet) - GUESTS if not re.fullmatch(own, found)) == []


@pytest.mark.parametrize("sheet", COMPONENTS, ids=lambda sheet: sheet.stem)
def test_every_component_class_occurs_in_a_template(sheet: Path) -> None:
    code = "\n".join(module.read_text() for module in (ROOT / "pulse" / "templatetags").glob("*.py"))
    used = set(re.findall(r"[\w-]+", code)).union(*(classes_in(page) for page in PAGES))

    assert sorted(classes(sheet) - used - HTMX_STATES) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TEMPLATES).as_posix())
def test_every_class_in_a_template_is_defined(page: Path) -> None:
    defined = set().union(*(classes(sheet) for sheet in SHEETS))
    literal = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", "\n".join(class_attributes(page)))

    assert sorted(set(literal.split()) - defined) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TEMPLATES).as_posix())
def test_markup_holds_under_a_strict_policy(page: Path) -> None:
    markup = page.read_text()

    assert re.findall(r"\sstyle\s*=", markup) == []
    assert re.findall(r"<style\b", markup) == []
    assert re.findall(r"\s(?:on\w+|hx-on[\w:-]*)\s*=", markup) == []
    assert [tag for tag in re.findall(r"<script\b[^>]*>", markup) if "src=" not in tag] == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", markup) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_script_is_small_and_never_evaluates(script: Path) -> None:
    code = script.read_text()

    assert len(code.splitlines()) < 80
    assert re.findall(r"\beval\(|new Function|innerHTML|\.style\b", code) == []


Rgb = tuple[float, float, float]


def tokens() -> dict[str, str]:
    plain = without_comments(TOKENS).split("@media", 1)[0]
    return {name: value.strip() for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", plain)}


def linear_rgb(value: str, scheme: int, known: dict[str, str]) -> Rgb:
    """Linear sRGB of a token's value in a scheme (0 light, 1 dark), by Ottosson's OKLab matrices, clipped."""
    if reference := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return linear_rgb(known[reference[1]], scheme, known)
    if pair := re.fullmatch(r"light-dark\((.+\)), (.+)\)", value):
        return linear_rgb(pair[scheme + 1], scheme, known)
    literal = re.fullmatch(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", value)
    assert literal, f"not a colour that this test can read: {value}"
    lightness, chroma, hue = float(literal[1]) / 100, float(literal[2]), math.radians(float(literal[3]))
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return min(max(red, 0), 1), min(max(green, 0), 1), min(max(blue, 0), 1)


def luminance(rgb: Rgb) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(front: str, back: str, scheme: int) -> float:
    known = tokens()
    first, second = (luminance(linear_rgb(known[name], scheme, known)) for name in (front, back))
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def too_weak(pairs: list[tuple[str, str]], least: float, scheme: int) -> Iterator[str]:
    for front, back in pairs:
        found = contrast(front, back, scheme)
        if found < least:
            yield f"{front} on {back}: {found:.2f}"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_reach_aa_on_every_ground(scheme: int) -> None:
    assert list(too_weak(WORDS, 4.5, scheme)) == []


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_marks_reach_aa_on_their_ground(scheme: int) -> None:
    assert list(too_weak(MARKS, 3.0, scheme)) == []


def test_contrast_is_computed_as_the_standard_does() -> None:
    black_on_white = (1.0 + 0.05) / (0.0 + 0.05)

    assert luminance(linear_rgb("oklch(100% 0 0)", 0, {})) == pytest.approx(1.0, abs=1e-3)
    assert luminance(linear_rgb("oklch(0% 0 0)", 0, {})) == 0.0
    assert black_on_white == 21.0
    # sRGB red, #ff0000, is oklch(62.8% 0.2577 29.23) and has a luminance of 0.2126.
    assert luminance(linear_rgb("oklch(62.8% 0.2577 29.23)", 0, {})) == pytest.approx(0.2126, abs=2e-3)
