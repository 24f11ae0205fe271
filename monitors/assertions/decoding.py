"""Make text of bytes by the charset that they claim to have: one of those that the web has, or UTF-8.

A target names its charset itself. Python knows some that no text has (zip), that take a fifth of a second for a MiB
(UTF-7), and remembers for good each name that it does not know.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import cache

# Between pieces, other threads get their turn.
_PIECE = 128 << 10

# Python's name, and the labels of the WHATWG's Encoding Standard that are seen, with hyphens. UTF-32 has a mark only.
_SINGLE = {
    "cp1252": "windows-1252 cp1252 iso-8859-1 iso8859-1 iso-ir-100 latin1 latin-1 l1 ascii us-ascii cp819",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253",
    "cp1254": "windows-1254 cp1254 iso-8859-9 iso8859-9 latin5 l5",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp866": "ibm866 cp866 866",
    "cp874": "windows-874 tis-620 iso-8859-11 iso8859-11",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2 l2",
    "iso8859-3": "iso-8859-3 iso8859-3 latin3 l3",
    "iso8859-4": "iso-8859-4 iso8859-4 latin4 l4",
    "iso8859-5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859-6": "iso-8859-6 iso8859-6 arabic",
    "iso8859-7": "iso-8859-7 iso8859-7 greek",
    "iso8859-8": "iso-8859-8 iso8859-8 iso-8859-8-i logical hebrew",
    "iso8859-10": "iso-8859-10 iso8859-10 latin6 l6",
    "iso8859-13": "iso-8859-13 iso8859-13",
    "iso8859-14": "iso-8859-14 iso8859-14",
    "iso8859-15": "iso-8859-15 iso8859-15 latin9 l9",
    "iso8859-16": "iso-8859-16 iso8859-16",
    "koi8-r": "koi8-r koi8 koi",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
}
_OTHERS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8",
    "utf-16-le": "utf-16le utf-16-le utf-16 utf16 unicode",
    "utf-16-be": "utf-16be utf-16-be",
    "utf-32-le": "utf-32",
    "gb18030": "gb18030 gbk gb2312 gb-2312-80 chinese x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5",
    "euc-jp": "euc-jp x-euc-jp eucjp",
    "iso2022-jp": "iso-2022-jp",
    "cp932": "shift-jis sjis x-sjis ms-kanji windows-31j cp932",
    "cp949": "euc-kr ks-c-5601-1987 ksc5601 ksc-5601 korean windows-949 cp949",
}
# Where the mark says that the bytes of each character stand the other way round.
_TURNED = ((b"\xfe\xff", "utf-16-le", "utf-16-be"), (b"\0\0\xfe\xff", "utf-32-le", "utf-32-be"))
LABELS = {label: codec for codec, labels in (_SINGLE | _OTHERS).items() for label in labels.split()}


def decoded(raw: bytes, charset: str) -> str:
    """The text; what does not decode is U+FFFD. A byte order mark is not part of it."""
    codec = _codec(charset)
    codec = next((turned for mark, name, turned in _TURNED if name == codec and raw.startswith(mark)), codec)
    if len(raw) <= _PIECE and codec not in _SINGLE:
        return raw.decode(codec, "replace").removeprefix("\ufeff")
    return "".join(_pieces(raw, codec)).removeprefix("\ufeff")


def is_wide(charset: str) -> bool:
    """Whether each character takes two or four bytes at least."""
    return _codec(charset).startswith(("utf-16", "utf-32"))


def _codec(charset: str) -> str:
    return LABELS.get(charset.strip(" \"'").lower().replace("_", "-"), "utf-8")


def _pieces(raw: bytes, codec: str) -> Iterator[str]:
    if codec in _SINGLE:
        for begin in range(0, len(raw), _PIECE):
            yield codecs.charmap_decode(raw[begin : begin + _PIECE], "strict", _table(codec))[0]
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for begin in range(0, len(raw), _PIECE):
        yield decoder.decode(raw[begin : begin + _PIECE])
    yield decoder.decode(b"", final=True)


@cache
def _table(codec: str) -> str:
    """What each byte stands for. Python itself asks about each one that stands for nothing: half a second for a MiB."""
    return "".join(bytes([byte]).decode(codec, "replace") for byte in range(256))
