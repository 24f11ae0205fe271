"""Forms say what the API says, at the field, and keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.channel_forms import ChannelForm
from pulse.scoping import in_tenant
from tests.notifications.making import email, webhook

BAD_URLS = (
    "",
    "nowhere",
    "ftp://example.com/",
    "http://user:pw@example.com/",
    "http://[::1",
    "http://10.0.0.1:0/",
)
BAD_ADDRESSES = ("", "nobody", "a@b@c", "ops@example.com\nBcc: all@example.com", "x" * 400 + "@example.com")


def said_by_the_api(api: Any, body: dict[str, Any]) -> dict[str, str]:
    return {item["pointer"]: item["detail"] for item in api.post("channels", body).json()["errors"]}


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_bad_url_is_refused_in_the_words_of_the_api(api: Any, acme: Any, url: str) -> None:
    said = said_by_the_api(api, {"name": "Ops", "kind": "webhook", "config": {"url": url}})

    with in_tenant(acme):
        form = ChannelForm({"name": "Ops", "url": url}, kind="webhook")

        assert form.errors == {"url": [said["/config/url"]]}
        assert form["url"].value() == url


@pytest.mark.parametrize("to", BAD_ADDRESSES)
def test_a_bad_address_is_refused_in_the_words_of_the_api(api: Any, acme: Any, to: str) -> None:
    said = said_by_the_api(api, {"name": "Duty", "kind": "email", "config": {"to": to}})

    with in_tenant(acme):
        form = ChannelForm({"name": "Duty", "to": to}, kind="email")

        assert form.errors == {"to": [said["/config/to"]]}


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "two\nlines"])
def test_a_bad_name_is_refused_in_the_words_of_the_api(api: Any, acme: Any, name: str) -> None:
    url = "https://example.com/hook"
    said = said_by_the_api(api, {"name": name, "kind": "webhook", "config": {"url": url}})

    with in_tenant(acme):
        assert ChannelForm({"name": name, "url": url}, kind="webhook").errors == {"name": [said["/name"]]}


def test_private_space_is_refused_where_it_is_not_allowed(api: Any, acme: Any, settings: Any) -> None:
    settings.PULSE_ALLOW_PRIVATE_WEBHOOKS = ""

    with in_tenant(acme):
        form = ChannelForm({"name": "Ops", "url": "http://127.0.0.1/hook"}, kind="webhook")

        assert "PULSE_ALLOW_PRIVATE_WEBHOOKS" in form.errors["url"][0]


def test_an_edit_starts_with_what_is_stored(acme: Any) -> None:
    hook, mail = webhook(acme), email(acme)

    with in_tenant(acme):
        first, second = ChannelForm(kind="webhook", channel=hook), ChannelForm(kind="email", channel=mail)

        assert (first["name"].value(), first["url"].value()) == ("Ops", "http://127.0.0.1:9/hook")
        assert second["to"].value() == "duty@acme.example"
        assert "to" not in first.fields
        assert "url" not in second.fields


def test_a_good_form_gives_what_the_api_stores(acme: Any) -> None:
    with in_tenant(acme):
        form = ChannelForm({"name": " Ops ", "url": "https://example.com/hook"}, kind="webhook")

        assert form.is_valid()
        assert form.cleaned_data == {
            "name": "Ops",
            "kind": "webhook",
            "config": {"url": "https://example.com/hook"},
            "secrets": {},
        }
