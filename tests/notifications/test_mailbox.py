"""The local mailbox: for who runs the installation, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import OperationalError, connection
from django.test import Client

from notifications import mail
from notifications.ledger.models import LocalMail
from tenants.models import User
from tests.cleaning import superuser


@pytest.fixture
def kept(world: None, settings: Any) -> LocalMail:
    settings.EMAIL_URL = ""
    message = EmailMultiAlternatives(
        "Reset", "Do it here: http://pulse.example/key/", to=["alice@acme.example"]
    )
    message.attach_alternative("<p>Do it <b>here</b></p><script>alert(1)</script>", "text/html")
    mail.keep(message)
    return LocalMail.objects.get()


@pytest.fixture
def operator(world: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@pulse.example"), backend=None)
    return client


@pytest.mark.parametrize("part", ["", "{pk}/", "{pk}/html/"])
def test_everybody_else_gets_what_an_unknown_address_gives(
    kept: LocalMail, as_alice: Client, part: str
) -> None:
    path = "/mailbox/" + part.format(pk=kept.pk)

    for client in (Client(), as_alice):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (404, client.get("/no-such-page/").content)


def test_the_operator_reads_mails(kept: LocalMail, operator: Client) -> None:
    assert "Reset" in operator.get("/mailbox/").content.decode()
    page = operator.get(f"/mailbox/{kept.pk}/").content.decode()
    assert '<a href="http://pulse.example/key/"' in page
    assert "sandbox" in page
    assert "alert(1)" not in page


def test_the_html_of_a_mail_can_do_nothing(kept: LocalMail, operator: Client) -> None:
    answer = operator.get(f"/mailbox/{kept.pk}/html/")

    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_an_unknown_mail_is_not_there(kept: LocalMail, operator: Client) -> None:
    assert operator.get(f"/mailbox/{kept.pk + 1}/").status_code == 404
    assert operator.get(f"/mailbox/{kept.pk + 1}/html/").status_code == 404


@pytest.mark.parametrize(("url", "linked"), [("", True), ("smtp://mail.example", False)])
def test_the_menu_leads_there_while_no_mail_server_is_set(
    acme: Any, alice: User, as_alice: Client, settings: Any, url: str, linked: bool
) -> None:
    settings.EMAIL_URL = url
    User.objects.filter(pk=alice.pk).update(is_superuser=True)

    page = as_alice.get("/o/acme/channels/").content.decode()

    User.objects.filter(pk=alice.pk).update(is_superuser=False)
    assert ('href="/mailbox/"' in page) is linked


def test_the_menu_hides_it_from_everybody_else(acme: Any, as_bob: Client, settings: Any) -> None:
    settings.EMAIL_URL = ""

    assert "/mailbox/" not in as_bob.get("/o/acme/channels/").content.decode()


def test_a_connection_that_was_cut_fails_one_mail_and_not_all_that_follow(world: None) -> None:
    message = EmailMultiAlternatives("Down", "The shop is down.", to=["alice@acme.example"])
    mail.keep(message)
    with connection.cursor() as cursor, superuser() as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())

    with pytest.raises(OperationalError):
        mail.keep(message)
    mail.keep(message)

    assert LocalMail.objects.count() == 2
