"""How a person is reached: added, proven by a code, tested, ordered, removed; and nobody sees another's."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications.contacts import keeping, opening, proving
from notifications.contacts.models import ContactMethod, Quiet
from notifications.contacts.reaching import reaches
from notifications.contacts.sending import NotPossible
from notifications.ledger.models import LocalMail
from pulse.fields import ConfigError
from tenants.models import User

HOME = "/contacts/"


def text(answer: Any) -> str:
    return " ".join(str(answer.content.decode()).split())


def add(client: Any, to: str, **more: str) -> ContactMethod:
    answer = client.post(f"{HOME}new/email/", {"to": to, "label": "", "after": "", **more})
    assert answer.status_code == 302, text(answer)
    return ContactMethod.objects.get(config={"to": to})


def code_sent() -> str:
    mail = LocalMail.objects.order_by("-pk").first()
    assert mail is not None
    found = re.search(r"\b(\d{6}) is the code", mail.text)
    assert found, mail.text
    return found[1]


def test_a_method_is_used_once_its_code_came_back(alice: Any, as_alice: Any, as_charlie: Any) -> None:
    method = add(as_alice, "night@acme.example", after="5 min")
    assert len(reaches([alice.pk])[alice.pk].methods) == 1
    assert "Not proven yet" in text(as_alice.get(HOME))
    page = f"{HOME}{method.pk}/"
    assert as_charlie.get(page).status_code == as_charlie.post(page, {"code": code_sent()}).status_code == 404
    wrong = as_alice.post(page, {"code": "nope"})
    assert wrong.status_code == 422
    assert "4 tries are left" in text(wrong)

    proven = as_alice.post(page, {"code": f" {code_sent()[:3]} {code_sent()[3:]} "})
    assert proven.status_code == 302
    assert [(way.label, way.after_seconds) for way in reaches([alice.pk])[alice.pk].methods] == [
        ("E-mail of the account", 0), ("night@acme.example", 300),
    ]  # fmt: skip


def test_a_code_is_good_for_ten_minutes_and_five_tries(as_alice: Any) -> None:
    method = add(as_alice, "night@acme.example")
    code, now = code_sent(), timezone.now()
    with pytest.raises(NotPossible, match="no longer good"):
        proving.prove(method, code, now + timedelta(minutes=11))
    for _ in range(5):
        with pytest.raises(NotPossible, match="not the code"):
            proving.prove(method, "000000x", now)
    with pytest.raises(NotPossible, match="too many tries"):
        proving.prove(method, code, now)


def test_codes_are_sent_a_minute_apart_and_a_few_in_an_hour(as_alice: Any) -> None:
    method, now = add(as_alice, "night@acme.example"), timezone.now()
    first = code_sent()
    with pytest.raises(NotPossible, match="wait a minute"):
        proving.send_code(method, now)
    for number in range(1, proving.CODES_AN_HOUR):
        proving.send_code(method, now + timedelta(minutes=2 * number))
    with pytest.raises(NotPossible, match="in an hour"):
        proving.send_code(method, now + timedelta(minutes=30))
    with pytest.raises(NotPossible):
        proving.prove(method, first, now)  # a newer one replaced it


def test_no_code_is_kept_in_the_row_or_written_to_the_log(as_alice: Any, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    method = add(as_alice, "night@acme.example")
    as_alice.post(f"{HOME}{method.pk}/", {"code": code_sent()})
    method.refresh_from_db()

    assert code_sent() not in caplog.text
    assert code_sent() not in str(ContactMethod.objects.values_list().get(pk=method.pk))


def test_a_test_shows_the_real_answer_and_not_twice_at_once(
    alice: Any, as_alice: Any, as_charlie: Any
) -> None:
    as_alice.get(HOME)
    own = ContactMethod.objects.get(user=alice)
    ContactMethod.objects.filter(pk=own.pk).update(broken_at=timezone.now(), broken_reason="bounced")
    assert "bounced" in text(as_alice.get(HOME))
    page = text(as_alice.post(f"{HOME}{own.pk}/test/", follow=True))
    again = text(as_alice.post(f"{HOME}{own.pk}/test/", follow=True))

    assert "E-mail of the account: sent" in page
    assert "wait half a minute" in again
    assert LocalMail.objects.count() == 1
    assert ContactMethod.objects.get(user=alice).broken_at is None
    assert as_charlie.post(f"{HOME}{own.pk}/test/").status_code == 404


def test_the_account_stays_and_others_go(alice: Any, as_alice: Any, as_charlie: Any) -> None:
    method = add(as_alice, "night@acme.example")
    as_alice.get(HOME)
    own = ContactMethod.objects.get(user=alice, is_account=True)

    assert as_charlie.post(f"{HOME}{method.pk}/removal/").status_code == 404
    assert "is removed" in text(as_alice.post(f"{HOME}{method.pk}/removal/", follow=True))
    assert "stays" in text(as_alice.post(f"{HOME}{own.pk}/removal/", follow=True))
    assert list(ContactMethod.objects.filter(user=alice)) == [own]


def test_what_cannot_be_is_refused_in_words(alice: Any, as_alice: Any) -> None:
    refused = [
        ({"to": "nobody"}, "Enter one e-mail address"),
        ({"to": "a@b.example\nBcc: c@d.example"}, "Write it on one line"),
        ({"after": "soon"}, "Write a length of time like 5 min"),
        ({"after": "3 d"}, "of a day at most"),
        ({"label": "x" * 121}, "at most 120"),
    ]
    for changes, words in refused:
        answer = as_alice.post(
            f"{HOME}new/email/", {"to": "a@b.example", "label": "", "after": "", **changes}
        )
        assert answer.status_code == 422, changes
        assert words in text(answer), changes
    assert as_alice.get(f"{HOME}new/webhook/").status_code == 404
    assert as_alice.get(f"{HOME}new/email/").status_code == 200
    add(as_alice, "night@acme.example")
    twice = as_alice.post(f"{HOME}new/email/", {"to": "night@acme.example", "label": "", "after": ""})
    assert "You have this one already" in text(twice)


def test_a_person_has_ten_methods_at_most(alice: Any, as_alice: Any) -> None:
    as_alice.get(HOME)
    ContactMethod.objects.bulk_create(
        ContactMethod(user=alice, kind="email", label=str(number), config={"to": f"{number}@acme.example"})
        for number in range(9)
    )
    answer = as_alice.post(f"{HOME}new/email/", {"to": "one.more@acme.example", "label": "", "after": ""})

    assert answer.status_code == 422
    assert "Remove one first" in text(answer)


def test_delays_and_quiet_hours_are_kept_on_the_clocks_of_the_page(alice: Any, as_alice: Any) -> None:
    as_alice.get(HOME)
    own = ContactMethod.objects.get(user=alice)
    as_alice.cookies["zone"] = "Asia/Tokyo"
    as_alice.post(f"{HOME}{own.pk}/delay/", {"after": "10"})
    wanted = {"starts": "22:00", "ends": "07:00", "except_for": ["critical"], "hourly_limit": "5"}
    assert as_alice.post(f"{HOME}quiet/", wanted).status_code == 302
    own.refresh_from_db()
    quiet = Quiet.objects.get(user=alice)

    assert own.after_seconds == 600
    assert (quiet.starts, quiet.ends, quiet.except_for, quiet.hourly_limit) == (
        time(22),
        time(7),
        ["critical"],
        5,
    )
    assert User.objects.get(pk=alice.pk).time_zone == "Asia/Tokyo"
    for changes in ({"ends": ""}, {"ends": "22:00"}, {"except_for": ["whatever"]}, {"hourly_limit": "0"}):
        assert as_alice.post(f"{HOME}quiet/", wanted | changes).status_code == 422, changes


def test_a_visitor_is_sent_to_sign_in(world: None, client: Any) -> None:
    for path in ("", "new/email/", "quiet/"):
        assert client.get(f"{HOME}{path}")["Location"].startswith("/accounts/login/")


def test_two_that_differ_by_a_secret_alone_are_two_and_the_secret_is_sealed(alice: Any) -> None:
    ways = [
        keeping.add(alice, "ntfy", "", {"topic": "alice", "token": f"tk_{number}"}, 0) for number in (1, 2)
    ]

    assert [opening.settings_of(way).token for way in ways] == ["tk_1", "tk_2"]
    assert "tk_1" not in str(ContactMethod.objects.values_list().get(pk=ways[0].pk))
    with pytest.raises(ConfigError):
        keeping.add(alice, "ntfy", "", {"topic": "alice", "token": "tk_2"}, 0)


def test_every_kind_that_people_can_have_has_its_form(as_alice: Any) -> None:
    page = text(as_alice.get(HOME))

    for kind, title in keeping.kinds().items():
        assert f'href="{HOME}new/{kind}/"' in page
        assert title in text(as_alice.get(f"{HOME}new/{kind}/"))
        assert as_alice.post(f"{HOME}new/{kind}/", {"label": "", "after": ""}).status_code == 422
    assert "Use this browser" in text(as_alice.get(f"{HOME}new/webpush/"))
