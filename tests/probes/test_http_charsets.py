"""The charset of an HTTP body is what its mark, the header or the document says, where that can be so."""

from __future__ import annotations

import pytest

from monitors.assertions.body import Body
from monitors.probes.http_answer import charset_of

XML = '<?xml version="1.0" encoding="{}"?><a>grün</a>'


@pytest.mark.parametrize("label", ["utf-16", "UTF-16", "utf-16le", "utf-16be", "unicode", "utf-32", "Utf_32"])
@pytest.mark.parametrize("document", [XML, '<meta charset="{}"> grün'])
def test_what_is_read_as_ascii_is_not_in_units_of_two_or_four_bytes(label: str, document: str) -> None:
    """.NET writes so into each text, and sends it as UTF-8."""
    text = document.format(label)

    assert Body(text.encode(), charset_of({}, text.encode())).text == text


@pytest.mark.parametrize(
    ("content_type", "body", "charset"),
    [
        ("text/xml", b'<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        ("text/html", b"<head><meta charset=windows-1251>", "windows-1251"),
        ("text/xml", b"<a/>", "utf-8"),
        ("text/xml; charset=utf-16", "<a/>".encode("utf-16-le"), "utf-16"),
        ("text/xml; charset=utf-8", XML.format("utf-16").encode("utf-16"), "utf-16"),
        ("text/xml; charset=iso-8859-1", XML.format("utf-16").encode(), "iso-8859-1"),
    ],
)
def test_mark_comes_before_header_before_document(content_type: str, body: bytes, charset: str) -> None:
    assert charset_of({"content-type": content_type}, body) == charset
