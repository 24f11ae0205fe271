"""The URL parser: what is accepted and how it is written, what is refused and with which advice."""

import pytest

from pulse.net.addresses import Policy, parse_networks
from pulse.net.urls import UrlError, join_url, parse_url, refused_literal


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/A?b#c", "https://example.com/A?b"),
        ("http://example.com:80?x=1", "http://example.com/?x=1"),
        ("http://example.com./", "http://example.com/"),
        ("http://example.com:8080/a%20b", "http://example.com:8080/a%20b"),
        ("https://bücher.example/ä?ö=ü", "https://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC"),
        ("http://my_host.example/", "http://my_host.example/"),
        ("http://localhost:8000/health", "http://localhost:8000/health"),
        ("http://93.184.216.34", "http://93.184.216.34/"),
        ("http://[2001:4860:0::8888]:8080/", "http://[2001:4860::8888]:8080/"),
        ("http://example.com/a@b:c", "http://example.com/a@b:c"),
        ("http://example.com/{x}|<y>", "http://example.com/%7Bx%7D|%3Cy%3E"),
        ("https://example.com/?q=[1]&r=~", "https://example.com/?q=[1]&r=~"),
    ],
)
def test_accepted_url_is_normalised(typed: str, normalised: str) -> None:
    assert str(parse_url(typed)) == normalised
    assert str(parse_url(normalised)) == normalised


def test_parts_are_those_of_the_url() -> None:
    url = parse_url("https://[2001:4860::1]:8443/x?y")

    assert (url.scheme, url.host, url.port, url.path) == ("https", "2001:4860::1", 8443, "/x?y")
    assert str(url.literal) == "2001:4860::1"
    assert parse_url("http://example.com").literal is None


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("", "Enter a URL"),
        ("example.com", "Start the URL with http:// or https://."),
        ("//example.com", "Start the URL with http:// or https://."),
        ("http:/example.com", "Write two slashes after http:"),
        ("https:example.com", "Write two slashes after https:"),
        ("ftp://example.com/", "Use http:// or https:// instead of ftp://."),
        ("file:///etc/passwd", "Use http:// or https:// instead of file://."),
        ("gopher://example.com/", "instead of gopher://"),
        ("javascript:alert(1)", "Start the URL with"),
        ("http://", "Enter a host"),
        ("http:///path", "Enter a host"),
        ("http://./", "Enter a host"),
        ("http://:80/", "Enter a host"),
        ("http://user@example.com/", "Remove the user name and password"),
        ("http://user:secret@example.com/", "Remove the user name and password"),
        ("http://example.com#@evil.example/", None),
        ("http://example.com\\@evil.example/", "Replace the backslash"),
        ("http://example.com\t/", "Remove the white space"),
        ("http://exam ple.com/", "Remove the white space"),
        ("http://example.com/\r\nHost: evil", "Remove the white space"),
        ("http://example.com/\x00", "Remove the control or invisible characters"),
        ("http://example.com/\u200b", "Remove the control or invisible characters"),
        ("http://example.com/%00", "Remove %00"),
        ("http://exam%70le.com/", "without % escapes"),
        ("http://example.com:0/", "Use a port from 1 to 65535"),
        ("http://example.com:/", "Use a port from 1 to 65535"),
        ("http://example.com:65536/", "Use a port from 1 to 65535"),
        ("http://example.com:080000/", "Use a port from 1 to 65535"),
        ("http://example.com:8o/", "Use a port from 1 to 65535"),
        ("http://example.com:٨٠/", "Use a port from 1 to 65535"),
        ("http://::1/", "Put the IPv6 address in brackets"),
        ("http://[::1/", "Close the IPv6 address with ]"),
        ("http://[::1]x/", "Close the IPv6 address with ]"),
        ("http://[1.2.3.4]/", "Check the IPv6 address"),
        ("http://[fe80::1%25eth0]/", "Remove the zone id"),
        ("http://a..b/", "Check the host name"),
        ("http://-a.example/", "Check the host name"),
        ("http://a!.example/", "Check the host name"),
        ("http://" + "a" * 64 + ".example/", "Check the host name"),
        ("http://" + "a." * 130 + "example/", "Check the host name"),
        ("http://example.com/" + "a" * 2048, "Shorten the URL to at most 2,048 characters; it has 2,067."),
    ],
)
def test_refused_url_says_what_to_change(typed: str, advice: str | None) -> None:
    if advice is None:
        assert parse_url(typed).host == "example.com"
        return
    with pytest.raises(UrlError) as caught:
        parse_url(typed)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "2130706433",
            "017700000001",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "0x7f.0.0.1",
            "127.1",
            "127.0.1",
        ),
        *("0", "0x", "1.2.3.4.5", "256.1.1.1", "127.0.0.01", "1.2.3", "foo.1", "127.0.0.0x1", "4294967296"),
        *("①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127．0．0．1", "①.1.1.1"),  # noqa: RUF001
    ],
)
def test_ipv4_in_an_odd_notation_is_refused(host: str) -> None:
    with pytest.raises(UrlError, match=r"IPv4|host name"):
        parse_url(f"http://{host}/")


def test_literal_address_is_judged_before_any_check() -> None:
    assert (
        refused_literal(parse_url("http://10.0.0.1/"), Policy())
        == "Use a public address: Pulse does not connect to 10.0.0.1, because it is a private address."
    )
    assert refused_literal(parse_url("http://10.0.0.1/"), Policy(parse_networks("10.0.0.0/8"))) is None
    assert refused_literal(parse_url("http://intranet.example/"), Policy()) is None
    assert refused_literal(parse_url("http://[::ffff:127.0.0.1]/"), Policy()) is not None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", "https://a.example:8443/x"),
        ("y?z", "https://a.example:8443/p/y?z"),
        ("//b.example/", "https://b.example/"),
        ("http://b.example", "http://b.example/"),
        (" /with space ", "https://a.example:8443/with%20space"),
        ("?q", "https://a.example:8443/p/q?q"),
    ],
)
def test_redirect_is_joined_to_where_it_came_from(location: str, expected: str) -> None:
    assert str(join_url(parse_url("https://a.example:8443/p/q"), location)) == expected


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://a@b/", "http://0x7f.1/", "http://[/", "gopher://x"]
)
def test_redirect_to_what_no_form_accepts_is_refused(location: str) -> None:
    with pytest.raises(UrlError):
        join_url(parse_url("https://a.example/"), location)


def test_redirect_may_lead_to_a_longer_url_than_people_type() -> None:
    base, location = parse_url("https://a.example/"), f"https://id.example/saml?SAMLRequest={'x' * 3000}"

    assert str(join_url(base, location)) == location
    with pytest.raises(UrlError, match="at most 65,536 characters"):
        join_url(base, f"/{'x' * (64 << 10)}")


@pytest.mark.parametrize(("length", "ends"), [(2048, "x"), (2049, "…")])
def test_of_a_long_url_the_beginning_is_told(length: int, ends: str) -> None:
    url = join_url(parse_url("https://a.example/"), "/".ljust(length - len("https://a.example"), "x"))

    assert len(url.text) == length
    assert (len(url.beginning), url.beginning[-1]) == (2048, ends)
