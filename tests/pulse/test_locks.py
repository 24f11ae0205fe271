"""Advisory locks are numbers: no two purposes may share one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("pulse", "tenants", "monitors", "incidents", "notifications", "statuspages")
NUMBER = re.compile(r"^(_?[A-Z]+) = (0x[0-9A-F]+|[0-9_]+)\b", re.M)


def test_each_advisory_lock_has_a_number_of_its_own() -> None:
    found = {}
    for module in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        text = module.read_text()
        if "_advisory_" not in text:
            continue
        for name, number in NUMBER.findall(text):
            if re.search(
                rf"advisory_[a-z_]*lock\b[^\n]*\n?[^\n]*\b{name}\b|\"class\": {name}\b|\[{name}, ", text
            ):
                found[f"{module.relative_to(ROOT)}: {name}"] = int(number, 0)

    assert len(found) >= 9
    assert len(set(found.values())) == len(found), found
