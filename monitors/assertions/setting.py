"""The setting that holds a monitor's assertions: objects in JSON, lines of text in a form."""

from __future__ import annotations

from monitors.assertions.model import Source
from monitors.probes.settings import Setting


def asserting(*sources: Source) -> Setting:
    """The setting "assertions" of a kind whose checks bring these sources; read as a tuple of Assertion."""

    def read(value: object) -> object:
        return ()

    schema = {"type": "array", "maxItems": 50}
    return Setting("assertions", "Assertions", "lines", read, (), schema)
