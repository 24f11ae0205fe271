"""A pasted list becomes monitors after a preview; what cannot be is said at its line, and nothing is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from monitors.importing import Line, read, unknown_columns
from monitors.models import Monitor
from monitors.several import compared
from pulse.scoping import in_tenant

URL = "/o/acme/monitors/import/"


@pytest.mark.parametrize(
    ("text", "kind", "name", "target"),
    [
        ("https://shop.example.com/", "http", "shop.example.com", "https://shop.example.com/"),
        ("shop.example.com", "http", "shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/cart/", "http", "shop.example.com/cart", "https://shop.example.com/cart/"),
        ("Shop https://shop.example.com/", "http", "Shop", "https://shop.example.com/"),
        ("https://shop.example.com/ The shop", "http", "The shop", "https://shop.example.com/"),
        ("Shop, https://shop.example.com/", "http", "Shop", "https://shop.example.com/"),
        ("https://shop.example.com/;Shop", "http", "Shop", "https://shop.example.com/"),
        ("db.example.com:5432", "tcp", "db.example.com:5432", "db.example.com:5432"),
        ("tcp://db.example.com:5432", "tcp", "db.example.com:5432", "db.example.com:5432"),
        ("icmp://gw.example.com/ Gate", "icmp", "Gate", "gw.example.com"),
        ("2001:db8::1", "http", "2001:db8::1", "https://[2001:db8::1]"),
        ("[2001:db8::1]:5432 Store", "tcp", "Store", "[2001:db8::1]:5432"),
        ("shop.example.com:443", "http", "shop.example.com:443", "https://shop.example.com:443"),
    ],
)
def test_a_line_is_an_address_with_a_name_perhaps(text: str, kind: str, name: str, target: str) -> None:
    (line,) = read(text)

    assert (line.definition["kind"], line.definition["name"], line.definition["target"]) == (
        kind,
        name,
        target,
    )


def test_a_keyword_is_what_the_body_must_contain() -> None:
    (line,) = read("url,type,keyword value\nhttps://a.example/,keyword,Welcome\n")

    expected = {"source": "body", "operator": "contains", "expected": "Welcome"}
    assert line.definition["config"] == {"assertions": [expected]}


def test_comments_and_empty_lines_are_passed_over_and_numbers_kept() -> None:
    lines = read("# ours\n\nhttps://a.example/\r\n  \nhttps://b.example/\n")

    assert [(line.number, line.definition["target"]) for line in lines] == [
        (3, "https://a.example/"), (5, "https://b.example/"),
    ]  # fmt: skip


def test_a_table_with_a_heading_fills_more_fields() -> None:
    text = (
        'Friendly Name,URL,Type,Interval,Tags,Colour\n"Shop, EU",https://a.example/,HTTP(s),300,eu shop,red\n'
        "Gate,gw.example,ping,60,,\n"
    )

    first, second = (line.definition for line in read(text))

    assert first == {
        "kind": "http", "name": "Shop, EU", "target": "https://a.example/", "interval_seconds": 300,
        "tags": ["eu", "shop"],
    }  # fmt: skip
    assert (second["kind"], second["target"]) == ("icmp", "gw.example")
    assert unknown_columns(text) == ["Colour"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("300", 300),
        ("30s", 30),
        ("1m", 60),
        ("5 min", 300),
        ("1h", 3600),
        ("1 h 30 min", 5400),
        ("1.5m", "1.5m"),
        ("1,5 m", "1,5 m"),
        ("60 60", "60 60"),
        ("soon", "soon"),
        ("²", "²"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_an_interval_may_have_a_unit(written: str, read_as: int | str) -> None:
    (line,) = read(f"url\tinterval\ttimeout\nhttps://a.example/\t{written}\t{written}")

    assert (line.definition["interval_seconds"], line.definition["timeout_seconds"]) == (read_as, read_as)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_seen_by_the_heading(separator: str) -> None:
    (line,) = read(
        separator.join(["name", "url"]) + "\n" + separator.join(["Shop", "https://a.example/?a=1,2"])
    )

    assert line.definition["target"] == "https://a.example/?a=1,2"


def confirmed(client: Any, text: str, **more: Any) -> Any:
    """What comes of the button below the preview."""
    digest = client.post(URL, {"text": text}).context["preview"].digest
    return client.post(URL, {"text": text, "create": digest}, **more)


@pytest.mark.parametrize("by_file", [False, True])
def test_what_nobody_looked_at_is_not_made(as_alice: Any, acme: Any, by_file: bool) -> None:
    seen = as_alice.post(URL, {"text": "https://127.0.0.1/seen"}).context["preview"].digest
    other = "https://127.0.0.1/unseen"
    posted = {"text": "https://127.0.0.1/seen", "file": SimpleUploadedFile("a.txt", other.encode())}

    answer = as_alice.post(URL, (posted if by_file else {"text": other}) | {"create": seen})

    assert answer.status_code == 422
    assert other in answer.content.decode()
    assert "is not what you looked at" in answer.content.decode()
    with in_tenant(acme):
        assert Monitor.objects.count() == 0


def test_who_comes_back_to_a_list_that_was_made_is_shown_that(as_alice: Any, acme: Any) -> None:
    text = "https://127.0.0.1/"
    posted = {"text": text, "create": as_alice.post(URL, {"text": text}).context["preview"].digest}

    assert as_alice.post(URL, posted).status_code == 302
    again = as_alice.post(URL, posted)

    assert "a monitor watches this already" in again.content.decode()
    with in_tenant(acme):
        assert Monitor.objects.count() == 1


def test_nothing_is_made_before_the_preview_was_confirmed(as_alice: Any, acme: Any) -> None:
    text = "Shop https://127.0.0.1/\nhttps://127.0.0.2/"

    preview = as_alice.post(URL, {"text": text})
    page = preview.content.decode()
    assert "Watch 2 monitors" in page
    with in_tenant(acme):
        assert Monitor.objects.count() == 0

    answer = confirmed(as_alice, text, follow=True)
    assert "2 monitors are being watched." in answer.content.decode()
    with in_tenant(acme):
        assert set(Monitor.objects.values_list("name", "target")) == {
            ("Shop", "https://127.0.0.1/"), ("127.0.0.2", "https://127.0.0.2/"),
        }  # fmt: skip


def test_a_wrong_line_is_shown_with_its_complaint_and_stops_all(as_alice: Any, acme: Any) -> None:
    text = "https://127.0.0.1/\nhttps://user:secret@127.0.0.1/\n<script>alert(1)</script>"

    answer = as_alice.post(URL, {"text": text, "create": "1"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Remove the user name and password before the host." in page
    assert "<script>alert(1)" not in page
    assert "Watch " not in page
    assert text.splitlines()[0] in answer.context["form"]["text"].value()
    with in_tenant(acme):
        assert Monitor.objects.count() == 0


def test_what_is_watched_already_is_said(as_alice: Any, acme: Any) -> None:
    confirmed(as_alice, "https://127.0.0.1/")

    assert (
        "a monitor watches this already"
        in as_alice.post(URL, {"text": "https://127.0.0.1/"}).content.decode()
    )


LINES = [
    Line(number, "", {"kind": kind, "name": name, "target": target})
    for number, kind, name, target in [
        (1, "http", "Shop", "https://a.example/"),
        (3, "http", "Shop", "https://a.example/"),
        (4, "http", "Till", "https://a.example/"),
        (5, "tcp", "Shop", "b.example:9"),
        (6, "tls", "Shop", "b.example:9"),
        (7, "heartbeat", "Backup", ""),
        (8, "heartbeat", "Reports", ""),
        (9, "heartbeat", "Backup", ""),
    ]
]


def test_what_a_line_repeats_is_told_and_the_same_is_made_once() -> None:
    lines, values = compared(LINES, {("tls", "b.example:9")})

    assert [(line.number, line.note) for line in lines if line.note] == [
        (3, "the same as line 1, made once"),
        (4, "line 1 watches this too"),
        (6, "a monitor watches this already"),
        (9, "the same as line 7, made once"),
    ]
    assert values == [line.definition for line in LINES if line.number not in (3, 9)]


def test_a_line_that_is_wrong_repeats_nothing() -> None:
    wrong = replace(LINES[0], complaints=[("name", "Give the monitor a name.")])

    assert compared([wrong, LINES[1]], set()) == ([wrong, LINES[1]], [LINES[1].definition])


def test_the_same_line_twice_is_made_once(as_alice: Any, acme: Any) -> None:
    text = "https://127.0.0.1/\nhttps://127.0.0.1/\ntls://127.0.0.1:443"

    page = as_alice.post(URL, {"text": text}).content.decode()
    confirmed(as_alice, text)

    assert "the same as line 1, made once" in page
    assert "Watch 2 monitors" in page
    with in_tenant(acme):
        assert sorted(Monitor.objects.values_list("kind", flat=True)) == ["http", "tls"]


def test_a_file_is_read_too_and_one_in_another_encoding_is_refused(as_alice: Any, acme: Any) -> None:
    good = SimpleUploadedFile("sites.csv", "\ufeffname,url\nCafé,https://127.0.0.1/".encode())
    bad = SimpleUploadedFile("sites.csv", "Café https://127.0.0.1/".encode("latin-1"))

    assert "Café" in as_alice.post(URL, {"text": "", "file": good}).content.decode()
    refused = as_alice.post(URL, {"text": "", "file": bad})
    assert "UTF-8" in refused.content.decode()
    assert list(refused.context["form"].errors) == ["file"]


def test_a_large_list_that_was_looked_at_can_be_confirmed(as_alice: Any, acme: Any) -> None:
    lines = [f"m{number},https://127.0.0.1/{number},{'n' * 900}" for number in range(900)]
    text = "\r\n".join(["name,url,notes", *lines])

    preview = as_alice.post(URL, {"text": "", "file": SimpleUploadedFile("sites.csv", text.encode())})
    shown = preview.context["form"].initial["text"]

    assert "Watch 900 monitors" in preview.content.decode()
    assert confirmed(as_alice, shown).status_code == 302
    with in_tenant(acme):
        assert Monitor.objects.count() == 900


@pytest.mark.parametrize("is_file", [True, False])
def test_what_is_too_large_is_refused_whole_in_bytes(as_alice: Any, is_file: bool) -> None:
    text = "https://127.0.0.1/ " + "ж" * 600_000
    file = SimpleUploadedFile("sites.csv", text.encode())

    answer = as_alice.post(URL, {"text": "", "file": file} if is_file else {"text": text})

    assert answer.status_code == 422
    assert "at most 1,000,000 bytes" in answer.content.decode()
    assert list(answer.context["form"].errors) == ["file" if is_file else "text"]


def test_two_hosts_that_would_report_as_one_are_told_before_and_not_made(as_alice: Any, acme: Any) -> None:
    text = "name,kind,tags\nweb-1,host,db\nWEB-1,host,eu\nweb-1,host,db\n"

    shown = as_alice.post(URL, {"text": text})
    refused = as_alice.post(URL, {"text": text, "create": "1"})

    assert (shown.status_code, refused.status_code) == (200, 422)
    assert [line.number for line in shown.context["preview"].lines if line.complaints] == [3]
    assert "line 2 would report under the same" in shown.content.decode()
    with in_tenant(acme):
        assert Monitor.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one address"),
        ("# nothing\n", "at least one address"),
        ("https://a.example/\n" * 1001, "1,001"),
    ],
)
def test_too_little_and_too_much_are_said(as_alice: Any, text: str, words: str) -> None:
    answer = as_alice.post(URL, {"text": text})

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_only_the_file_is_called_optional(as_alice: Any) -> None:
    labels = as_alice.get(URL).content.decode().split("<label")[1:]

    optional = [
        label.partition("</label>")[0] for label in labels if "(optional)" in label.partition("</label>")[0]
    ]
    assert len(optional) == 1
    assert "Or a file" in optional[0]


def test_viewers_may_not(as_bob: Any) -> None:
    assert as_bob.post(URL, {"text": "https://127.0.0.1/", "create": "1"}).status_code == 403


@pytest.mark.parametrize(
    "text",
    ["http://[", "http://[::1", "http://a℀b/", '"', ",", "target\n\"", f'a,"{"x" * 140_000}', "x:²", "//[x",
     "name,target\nx,http://["],
)  # fmt: skip
def test_whatever_is_pasted_is_complained_about_and_nothing_breaks(as_alice: Any, text: str) -> None:
    assert as_alice.post(URL, {"text": text, "create": "1"}).status_code == 422


def test_an_open_quote_does_not_swallow_the_lines_after_it() -> None:
    lines = read('"https://a.example/\nhttps://b.example/')

    assert [(line.number, line.definition["target"]) for line in lines] == [
        (1, "https://a.example/"), (2, "https://b.example/"),
    ]  # fmt: skip


def test_what_reports_by_itself_needs_no_address(acme: Any, as_alice: Any) -> None:
    text = "name,kind,tags\nNightly backup,heartbeat,db\nweb-1,host,\n"

    shown = as_alice.post(URL, {"text": text}).content.decode()
    assert "2 of 2 lines" in shown
    assert "watches this already" not in shown
    assert confirmed(as_alice, text).status_code == 302
    assert (
        "watches this already"
        not in as_alice.post(URL, {"text": text.replace("web-1", "web-2")}).content.decode()
    )

    wrong = as_alice.post(
        URL, {"text": "name,url,kind\nNightly,https://x.example/,heartbeat\n"}
    ).content.decode()
    assert "Target: Remove it: a heartbeat has no address that is checked." in wrong
    with in_tenant(acme):
        assert sorted(Monitor.objects.values_list("kind", flat=True)) == ["heartbeat", "host"]
