"""Ways to write what must not be reached, by family: what each of them has to come to is said beside it.

UNREADABLE: no form, redirect or check takes it. REFUSED: it is read as an address that policy forbids, whoever resolves
it. A host: it is read as that name, which is looked up and judged by its addresses like any other.
"""

# ruff: noqa: RUF001  # confusable letters are what this is about

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address

UNREADABLE, REFUSED = "unreadable", "refused"

INSIDE = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
)  # fmt: skip


def _digits(zero: str) -> Callable[[str], str]:
    """Writes digits in another script, whose zero this is."""
    return lambda text: "".join(chr(ord(zero) + int(one)) if one.isdigit() else one for one in text)


def _circled(text: str) -> str:
    return "".join(
        "⓪" if one == "0" else chr(ord("①") + int(one) - 1) if one.isdigit() else one for one in text
    )


def _superscript(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _parts(text: str, style: str) -> str:
    return ".".join(format(int(part), style) for part in text.split("."))


def _short(text: str, kept: int) -> str:
    """The last number holds what is left of the address (inet_aton)."""
    parts = text.split(".")
    rest = int(IPv4Address(text)) & (1 << 8 * (4 - kept)) - 1
    return ".".join([*parts[:kept], str(rest)])


# Of one IPv4 address each; nothing but four plain decimal numbers is an address.
_AS_IPV4: dict[str, tuple[Callable[[str], str], str]] = {
    "plain": (str, REFUSED),
    "trailing dot": (lambda text: f"{text}.", REFUSED),
    "two trailing dots": (lambda text: f"{text}..", UNREADABLE),
    "one number": (lambda text: str(int(IPv4Address(text))), UNREADABLE),
    "one number with a dot": (lambda text: f"{int(IPv4Address(text))}.", UNREADABLE),
    "one hexadecimal number": (lambda text: hex(int(IPv4Address(text))), UNREADABLE),
    "one large hexadecimal number": (lambda text: f"0X{int(IPv4Address(text)):08X}", UNREADABLE),
    "one octal number": (lambda text: f"0{int(IPv4Address(text)):o}", UNREADABLE),
    "one number too large": (lambda text: str(int(IPv4Address(text)) + (1 << 32)), UNREADABLE),
    "hexadecimal parts": (lambda text: _parts(text, "#x"), UNREADABLE),
    "padded hexadecimal parts": (lambda text: _parts(text, "#010x"), UNREADABLE),
    "octal parts": (lambda text: ".".join(f"0{int(part):o}" for part in text.split(".")), UNREADABLE),
    "padded parts": (lambda text: _parts(text, "03d"), UNREADABLE),
    "mixed parts": (lambda text: f"0x{int(text.split('.')[0]):x}.{text.partition('.')[2]}", UNREADABLE),
    "two parts": (lambda text: _short(text, 1), UNREADABLE),
    "three parts": (lambda text: _short(text, 2), UNREADABLE),
    "five parts": (lambda text: f"{text}.0", UNREADABLE),
    "empty part": (lambda text: text.replace(".", "..", 1), UNREADABLE),
    "full-width digits": (_digits("０"), UNREADABLE),
    "bold digits": (_digits("𝟎"), UNREADABLE),
    "monospace digits": (_digits("𝟶"), UNREADABLE),
    "arabic digits": (_digits("٠"), UNREADABLE),
    "circled digits": (_circled, UNREADABLE),
    "superscript digits": (_superscript, UNREADABLE),
    "ideographic dots": (lambda text: text.replace(".", "。"), UNREADABLE),
    "full-width dots": (lambda text: text.replace(".", "．"), UNREADABLE),
    "half-width dots": (lambda text: text.replace(".", "｡"), UNREADABLE),
    "escaped dots": (lambda text: text.replace(".", "%2e"), UNREADABLE),
    "escaped digit": (lambda text: f"%3{text}", UNREADABLE),
    "in brackets": (lambda text: f"[{text}]", UNREADABLE),
    "zero-width space": (lambda text: text.replace(".", ".\u200b", 1), UNREADABLE),
    "soft hyphen": (lambda text: text.replace(".", "\u00ad.", 1), UNREADABLE),
    "tab": (lambda text: text.replace(".", ".\t", 1), UNREADABLE),
    "line break": (lambda text: text.replace(".", ".\n", 1), UNREADABLE),
    "negative": (lambda text: f"-{text}", UNREADABLE),
    "signed": (lambda text: f"+{text}", UNREADABLE),
    "in a network": (lambda text: f"{text}%2f8", UNREADABLE),
}


def _in_ipv6(prefix: str, shift: int = 0, mask: int = 0) -> Callable[[str], str]:
    """The IPv4 address within an IPv6 one, `shift` bits above its end."""
    return lambda text: (
        f"[{IPv6Address(int(IPv6Address(prefix)) | (int(IPv4Address(text)) ^ mask) << shift)}]"
    )


_AS_IPV6: dict[str, tuple[Callable[[str], str], str]] = {
    "mapped": (lambda text: f"[::ffff:{text}]", REFUSED),
    "mapped, in full": (lambda text: f"[0:0:0:0:0:FFFF:{text}]", REFUSED),
    "mapped, hexadecimal": (
        lambda text: f"[0000:0000:0000:0000:0000:ffff:{int(IPv4Address(text)) >> 16:04x}:"
        f"{int(IPv4Address(text)) & 0xFFFF:04x}]", REFUSED,
    ),
    "mapped, with a zone": (lambda text: f"[::ffff:{text}%25eth0]", UNREADABLE),
    "mapped, octal": (lambda text: f"[::ffff:0{text}]", UNREADABLE),
    "compatible": (lambda text: f"[::{text}]", REFUSED),
    "translated": (lambda text: f"[::ffff:0:{text}]", REFUSED),
    "NAT64": (lambda text: f"[64:ff9b::{text}]", REFUSED),
    "NAT64, in full": (lambda text: f"[0064:FF9B:0:0:0:0:{text}]", REFUSED),
    "NAT64 of the network": (_in_ipv6("64:ff9b:1::"), REFUSED),
    "NAT64 of the network, split": (
        lambda text: f"[64:ff9b:1:{int(IPv4Address(text)) >> 16:x}:{int(IPv4Address(text)) >> 8 & 0xFF:x}:"
        f"{(int(IPv4Address(text)) & 0xFF) << 8:x}::]", REFUSED,
    ),
    "6to4": (_in_ipv6("2002::", 80), REFUSED),
    "Teredo server": (_in_ipv6("2001::", 64), REFUSED),
    "Teredo client": (_in_ipv6("2001::", 0, 0xFFFFFFFF), REFUSED),
    "ISATAP": (_in_ipv6("fe80::5efe:0:0"), REFUSED),
}  # fmt: skip

_OTHER_HOSTS: dict[str, str] = {
    **dict.fromkeys(
        (
            "0.0.0.1", "10.255.255.255", "100.127.255.255", "100.100.100.200", "127.255.255.255", "169.254.170.2",
            "168.63.129.16", "172.31.255.255", "192.0.0.192", "192.0.0.8", "192.0.2.1", "192.88.99.1",
            "192.168.255.255", "198.18.0.1", "198.51.100.1", "203.0.113.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]",
            "[::0.0.0.1]", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[FD00:EC2::254]", "[fd20:ce::254]",
            "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff01::1]", "[ff02::1]", "[ff0e::1]", "[100::1]",
            "[2001:db8::1]", "[2001:2::1]", "[2001:10::1]", "[3fff::1]", "[5f00::1]", "[4000::1]", "[64:ff9b:1::1]",
            "[2001::1]", "[2002::1]",
        ),
        REFUSED,
    ),
    **dict.fromkeys(
        (
            "0", "00", "0x", "0x0", "127.1", "127.0.1", "10.1", "0177.1", "0x7f.1", "1.2.3.4.5", "256.1.1.1",
            "1.2.3", "127.0.0.0x1", "4294967296", "foo.1", "foo.0x1", "127.0.0.1.2", "[fe80::1%eth0]",
            "[fe80::1%25eth0]", "[::1%251]", "[::1%lo]", "[fe80::1%]", "[::1", "::1]", "[]", "[::1]]", "[[::1]]",
            "[:::1]", "[::1]x", "[::1].example.com", "[::ffff:0x7f.1]", "[::ffff:127.1]", "[::ffff:256.0.0.1]",
            "[1::2::3]", "[v1.a:b]", "[localhost]", "[::1/128]", "[g::1]", "[12345::1]", "", ".", "..", "a..b",
            "-a.example", "a-.example", "exa mple.com", "example!.com", "example.com\u202e", "local\u00adhost",
            "local\u200bhost", "local\u2060host", "\ufefflocalhost", "localhost\0", "localhost%00", "localhost%20",
            "%6c%6f%63alhost", "local\\host", "local\thost", "localhost\r\n", "a" * 64 + ".example",
            "a." * 130 + "example", "xn--.example", "xn--a.example\u0301",
        ),
        UNREADABLE,
    ),
    # Read as a name, and as the same one that every other part of Pulse reads.
    "localhost": "localhost",
    "LOCALHOST.": "localhost",
    "ｌｏｃａｌｈｏｓｔ": "localhost",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ": "localhost",
    "localhoſt": "localhost",
    "ⅼocalhost": "localhost",
    "localhost。": "localhost",
    "lоcalhost": "xn--lcalhost-nbh",  # the first o is Cyrillic
    "metadata.google.internal": "metadata.google.internal",
    "METADATA。google．internal": "metadata.google.internal",
    "127.0.0.1.nip.example": "127.0.0.1.nip.example",
    "0x7f000001.example": "0x7f000001.example",
    "1.0.0.127.in-addr.arpa": "1.0.0.127.in-addr.arpa",
    "127.0.0.1e0": "127.0.0.1e0",
    "ex\u00e4mple.com": "xn--exmple-cua.com",
    "faß.example": "xn--fa-hia.example",
    "ＥＸＡＭＰＬＥ.com": "example.com",
}  # fmt: skip

URLS: dict[str, str] = {
    # who is meant by a URL with an @, a backslash, or a piece that looks like another host
    **dict.fromkeys(
        (
            "http://example.com@127.0.0.1/", "http://127.0.0.1@example.com/", "http://a:b@127.0.0.1/",
            "http://@127.0.0.1/", "http://:@127.0.0.1/", "http://example.com:80@127.0.0.1/",
            "http://a@b@127.0.0.1/", "http://foo@127.0.0.1:80@example.com/", "http://example.com%40127.0.0.1/",
            "http://127.0.0.1%2f@example.com/", "http://127.0.0.1%23@example.com/",
            "http://127.0.0.1&@example.com# @10.0.0.1/", "http://example.com\\@127.0.0.1/",
            "http://127.0.0.1\\.example.com/", "http://127.0.0.1\\@example.com/", "http:\\\\127.0.0.1/",
            "http:/\\127.0.0.1/", "http:\\/127.0.0.1/", "\\\\127.0.0.1\\share", "http:127.0.0.1/",
            "http:/127.0.0.1/", "http:///127.0.0.1/", "http:////127.0.0.1/", "//127.0.0.1/", "127.0.0.1/",
            "http//127.0.0.1/", "://127.0.0.1/", "http://127.0.0.1;.example.com/", "http://127.0.0.1,example.com/",
            "http://127.0.0.1:80:80/", "http://127.0.0.1:0/", "http://127.0.0.1:/", "http://127.0.0.1:65536/",
            "http://127.0.0.1:-1/", "http://127.0.0.1:+80/", "http://127.0.0.1:8o/", "http://127.0.0.1:0x50/",
            "http://127.0.0.1:８０/", "http://[::1]:@example.com/", "http://[::1]@example.com/",
            "http://[::1]%.example.com/", "http://::1/", "http://::ffff:127.0.0.1/", "http://[::1]:80:80/",
            "http://[127.0.0.1]:80/", " http://127.0.0.1/", "\thttp://127.0.0.1/", "ht\ttp://127.0.0.1/",
            "http://127.0.0.1\t/", "http://127.0.0.1/ x", "http://127.0.0.1 .example.com/",
            "http://127.0.0.1\n.example.com/", "http://example.com/\r\nHost: 127.0.0.1", "http://example.com/\x00",
            "http://example.com/%00", "http://127.0.0.1%00.example.com/", "http://127.0.0.1\x00.example.com/",
            "http://example.com\x0b@127.0.0.1/", "http://example.com\u2028@127.0.0.1/", "http://\u2025/",
            "http://example.com\uff20127.0.0.1/", "http://example.com\uff0f@127.0.0.1/", "http\uff1a//127.0.0.1/",
            "http://127.0.0.1\u2044@example.com/", "file:///etc/passwd", "FILE:///etc/passwd",
            "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_FLUSHALL",
            "dict://127.0.0.1:11211/stats", "ldap://127.0.0.1/", "ldaps://127.0.0.1/", "tftp://127.0.0.1/x",
            "sftp://127.0.0.1/", "scp://127.0.0.1/", "smb://127.0.0.1/c$", "telnet://127.0.0.1/",
            "imap://127.0.0.1/", "smtp://127.0.0.1/", "rtsp://127.0.0.1/", "mqtt://127.0.0.1/", "ws://127.0.0.1/",
            "unix:///var/run/docker.sock", "jar:http://127.0.0.1!/", "netdoc:///etc/passwd", "phar://x",
            "php://input", "data:text/plain,ok", "javascript:alert(1)", "view-source:http://127.0.0.1/",
            "url:http://127.0.0.1/", "http+unix://%2fvar%2frun%2fdocker.sock/", "httpx://127.0.0.1/",
            "https:127.0.0.1/", "blob:http://127.0.0.1/",
        ),
        UNREADABLE,
    ),
    **dict.fromkeys(
        (
            "http://127.0.0.1#@example.com/", "http://127.0.0.1?@example.com/", "http://127.0.0.1/@example.com",
            "http://127.0.0.1#.example.com", "http://127.0.0.1?.example.com", "HTTP://127.0.0.1",
            "https://127.0.0.1:443", "http://127.0.0.1:00080/", "http://[::1]:80/", "http://[::1]#@example.com/",
            "http://[::ffff:127.0.0.1]:8080/x", "http://10.0.0.1./",
            "https://169.254.169.254/latest/meta-data/iam/", "http://[fd00:ec2::254]/latest/",
        ),
        REFUSED,
    ),
    "http://example.com#@127.0.0.1/": "example.com",
    "http://example.com?@127.0.0.1/": "example.com",
    "http://example.com/@127.0.0.1": "example.com",
    "http://example.com/127.0.0.1": "example.com",
    "http://example.com/..//127.0.0.1/": "example.com",
    "http://example.com/%2e%2e%2f127.0.0.1": "example.com",
    "http://example.com?url=http://127.0.0.1/": "example.com",
    "http://example.com#//127.0.0.1/": "example.com",
    "HtTp://EXAMPLE.com./": "example.com",
}  # fmt: skip


def hosts() -> dict[str, str]:
    """Every host with what it has to come to; some ways to write an address are the plain one for a few."""
    found = dict(_OTHER_HOSTS)
    for address in INSIDE:
        for write, verdict in (*_AS_IPV4.values(), *_AS_IPV6.values()):
            found.setdefault(write(address), verdict)
    return found


def urls() -> Iterator[tuple[str, str]]:
    """Every URL, those of the hosts included, with what it has to come to."""
    yield from ((f"http://{host}/", verdict) for host, verdict in hosts().items())
    yield from URLS.items()
