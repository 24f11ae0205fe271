"""Sign-in, sign-up and passwords: in our layout, in words that give nothing away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from notifications.ledger.models import LocalMail
from tenants.models import Organisation, User

PASSWORD = "correct horse battery"
OURS = ("login", "signup", "password/reset", "password/reset/done", "password/reset/key/done", "inactive",
        "confirm-email", "confirm-email/nonsense", "password/reset/key/1-nonsense")  # fmt: skip
SIGNED_IN = ("logout", "password/change", "email", "reauthenticate")
WANTED = {
    "name": "Zoe",
    "email": "zoe@initech.example",
    "password1": "a lantern in the fog",
    "organisation": "Initech",
}


@pytest.fixture(autouse=True)
def local_mail(world: None, settings: Any) -> None:
    settings.EMAIL_URL = ""
    settings.EMAIL_BACKEND = "notifications.mail.Backend"


def looks_like_pulse(answer: Any) -> bool:
    page = answer.content.decode()
    return 'class="door"' in page and "Menu:" not in page and "<title>" in page


@pytest.mark.parametrize("path", OURS)
def test_every_page_for_visitors_is_in_our_layout(path: str) -> None:
    answer = Client().get(f"/accounts/{path}/", follow=True)

    assert answer.status_code == 200
    assert looks_like_pulse(answer)


@pytest.mark.parametrize("path", SIGNED_IN)
def test_every_page_for_people_is_in_our_layout(as_alice: Client, path: str) -> None:
    answer = as_alice.get(f"/accounts/{path}/")

    assert answer.status_code == 200
    assert looks_like_pulse(answer)


@pytest.mark.parametrize("path", ["login/code/confirm", "password/set"])
def test_what_does_not_apply_leads_on_to_what_does(as_alice: Client, path: str) -> None:
    assert as_alice.get(f"/accounts/{path}/").status_code == 302


def test_signing_in_leads_to_ones_organisation(alice: User) -> None:
    answer = Client().post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True)

    assert answer.redirect_chain[-1] == ("/o/acme/", 302)


def test_signing_in_leads_back_to_where_one_was_going(alice: User) -> None:
    client = Client()
    asked = client.get("/o/acme/channels/")

    page = client.get(asked.headers["Location"])
    answer = client.post(
        "/accounts/login/",
        {"login": alice.email, "password": PASSWORD, "next": "/o/acme/channels/"},
        follow=True,
    )

    assert 'name="next" value="/o/acme/channels/"' in page.content.decode()
    assert answer.redirect_chain[-1][0] == "/o/acme/channels/"


@pytest.mark.parametrize("email", ["alice@acme.example", "nobody@acme.example"])
def test_a_refusal_does_not_say_whether_the_address_is_known(alice: User, email: str) -> None:
    answer = Client().post("/accounts/login/", {"login": email, "password": "wrong"})

    assert "E-mail or password is wrong." in answer.content.decode()


@pytest.mark.parametrize("email", ["alice@acme.example", "nobody@acme.example"])
def test_a_reset_does_not_say_whether_the_address_is_known(alice: User, email: str) -> None:
    answer = Client().post("/accounts/password/reset/", {"email": email}, follow=True)

    assert answer.redirect_chain == [("/accounts/password/reset/done/", 302)]
    assert "If the address is known here" in answer.content.decode()


def test_too_many_tries_say_how_long_to_wait(alice: User) -> None:
    answers = [
        Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"}) for _ in range(7)
    ]

    assert "wait five minutes" in answers[-1].content.decode() or answers[-1].status_code == 429


def test_a_reset_ends_every_other_session(alice: User, as_alice: Client) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": alice.email})
    mail = LocalMail.objects.get()
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.text)
    assert link

    form = client.get(link[1], follow=True)
    new = {"password1": "a lantern in the fog", "password2": "a lantern in the fog"}
    answer = client.post(form.redirect_chain[-1][0], new, follow=True)

    assert "The password is changed" in answer.content.decode()
    assert as_alice.get("/o/acme/").status_code == 302
    again = client.get(link[1], follow=True)
    assert "This link no longer works" in again.content.decode()
    alice.set_password(PASSWORD)
    alice.save()


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(alice: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "a lantern in the fog", "password2": "a lantern in the fog"}

    answer = here.post("/accounts/password/change/", new, follow=True)

    assert "Everywhere else you are signed out." in answer.content.decode()
    assert here.get("/o/acme/").status_code == 200
    assert there.get("/o/acme/").status_code == 302
    alice.refresh_from_db()
    alice.set_password(PASSWORD)
    alice.save()


def test_a_closed_account_is_out_at_once(bob: User, as_bob: Client) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)

    page, again = (
        as_bob.get("/o/acme/"),
        Client().post("/accounts/login/", {"login": bob.email, "password": PASSWORD}),
    )

    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert page.status_code == 302
    assert again.status_code != 302 or "/o/" not in again.headers["Location"]


def test_signing_out_is_posted_and_leads_home(as_alice: Client) -> None:
    assert as_alice.get("/accounts/logout/").status_code == 200
    assert as_alice.get("/o/acme/").status_code == 200

    assert as_alice.post("/accounts/logout/").headers["Location"] == "/"
    assert as_alice.get("/o/acme/").status_code == 302


def test_sign_up_makes_person_and_organisation(world: None, settings: Any) -> None:
    settings.PULSE_SIGNUP = "open"
    client = Client()

    answer = client.post("/accounts/signup/", WANTED, follow=True)

    organisation = Organisation.objects.get(slug="initech")
    assert organisation.memberships.get().user.name == "Zoe"
    assert answer.redirect_chain[-1] == ("/o/initech/", 302)
    assert answer.status_code == 503
    assert "Your organisation is being made" in answer.content.decode()
    assert answer.headers["Refresh"] == "1"


def test_the_waiting_page_ends_when_the_organisation_is_ready(world: None, settings: Any) -> None:
    from tenants.provisioning import provision_waiting

    settings.PULSE_SIGNUP = "open"
    client = Client()
    client.post("/accounts/signup/", WANTED)

    provision_waiting()

    assert client.get("/o/initech/").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"organisation": "Acme"}, "The address /o/acme/ is taken"),
        ({"organisation": "!!!"}, "Use at least one letter"),
        ({"email": "alice@acme.example"}, "This address cannot be used to sign up"),
        ({"password1": "short"}, "at least 10 characters"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_refused_sign_up_leaves_nothing_behind(
    alice: User, settings: Any, change: dict[str, str], words: str
) -> None:
    settings.PULSE_SIGNUP = "open"

    answer = Client().post("/accounts/signup/", WANTED | change)

    assert words in answer.content.decode()
    assert not User.objects.filter(email=WANTED["email"]).exists()
    assert not Organisation.objects.filter(slug="initech").exists()


@pytest.mark.parametrize("policy", ["closed", "invite", ""])
def test_closed_sign_up_says_what_to_do(world: None, settings: Any, policy: str) -> None:
    settings.PULSE_SIGNUP = policy

    pages = [Client().get("/accounts/signup/"), Client().post("/accounts/signup/", WANTED)]

    for page in pages:
        assert "Ask an owner or admin of your organisation" in page.content.decode()
        assert "PULSE_SIGNUP=open" in page.content.decode()
    assert not User.objects.filter(email=WANTED["email"]).exists()


def test_a_mail_server_that_is_away_stops_nobody(world: None, settings: Any) -> None:
    settings.PULSE_SIGNUP, settings.EMAIL_URL = "open", "smtp://127.0.0.1:9?security=none"

    answer = Client().post("/accounts/signup/", WANTED)

    assert answer.status_code == 302
    assert Organisation.objects.filter(slug="initech").exists()


@pytest.mark.parametrize(("policy", "offered"), [("open", True), ("closed", False)])
def test_the_landing_page_offers_sign_up_only_where_it_is_open(
    world: None, settings: Any, policy: str, offered: bool
) -> None:
    settings.PULSE_SIGNUP = policy

    page = Client().get("/").content.decode()

    assert "Know first when something is down" in page
    assert ("/accounts/signup/" in page) is offered
