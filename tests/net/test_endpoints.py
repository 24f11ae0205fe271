"""Hosts with ports, as people write them."""

import pytest

from pulse.net.endpoints import parse_endpoint, parse_host


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Db.Example.com:5432", "db.example.com:5432"),
        (" db.example.com ", "db.example.com:22"),
        ("192.0.2.7:80", "192.0.2.7:80"),
        ("[2001:DB8::1]:8080", "[2001:db8::1]:8080"),
        ("2001:db8::1", "[2001:db8::1]:22"),
        ("[2001:db8::1]", "[2001:db8::1]:22"),
        ("bücher.example", "xn--bcher-kva.example:22"),
    ],
)
def test_endpoint_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert str(parse_endpoint(typed, 22)) == stored
    assert str(parse_endpoint(stored)) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "https://a.test", "a.test/x", "a.test", "a.test:", "a.test:0", "a.test:65536", "a.test:http", "a b:1",
     "[::1", "user@a.test:1", "a.test:1:2x", "-:1", "a.test:1?", "a.test:1#"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[A-Z].*[.]$"):
        parse_endpoint(typed)


def test_host_has_no_port() -> None:
    assert str(parse_host("Example.COM")) == "example.com"
    assert str(parse_host("::1")) == "::1"
    with pytest.raises(ValueError, match="Remove the port"):
        parse_host("a.test:1")
