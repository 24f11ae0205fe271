"""Preparing the database goes on where it stopped, and several at once wait for each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from tenants import preparation, provisioning
from tenants.actors import COMMAND_LINE
from tests.tenants.installation import installation

FIRST = "DELETE FROM {}.django_migrations WHERE app = 'notifications'"


@pytest.fixture
def superuser(world: None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def three(superuser: psycopg.Connection[Any], alice: Any) -> Iterator[psycopg.Connection[Any]]:
    """globex cannot be migrated, for its tables are there already; initech, after it, can."""
    provisioning.provision(provisioning.request_organisation("initech", "Initech", alice, COMMAND_LINE))
    superuser.execute(FIRST.format("o_globex"))
    superuser.execute(FIRST.format("o_initech"))
    superuser.execute(
        "DROP TABLE o_initech.notifications_rule_channels, o_initech.notifications_rule_monitors,"
        " o_initech.notifications_rule_groups, o_initech.notifications_rule, o_initech.notifications_override,"
        " o_initech.notifications_schedule, o_initech.notifications_escalationpolicy,"
        " o_initech.notifications_notificationchannel"
    )
    yield superuser
    mend(superuser)


def mend(superuser: psycopg.Connection[Any]) -> None:
    superuser.execute(
        "INSERT INTO o_globex.django_migrations (app, name, applied)"
        " SELECT app, name, now() FROM o_acme.django_migrations a WHERE NOT EXISTS"
        " (SELECT FROM o_globex.django_migrations g WHERE (g.app, g.name) = (a.app, a.name))"
    )


def test_one_schema_that_fails_does_not_keep_the_others_back(three: psycopg.Connection[Any]) -> None:
    assert preparation.behind() == ["o_globex", "o_initech"]

    with pytest.raises(CommandError) as failed:
        call_command("prepare_database", quiet=True)

    assert failed.value.returncode == 1
    words = str(failed.value)
    assert "everything else is done" in words
    assert "o_globex" in words
    assert "already exists" in words
    assert "run prepare_database again" in words
    assert preparation.behind() == ["o_globex"]
    assert three.execute("SELECT to_regclass('o_initech.notifications_rule') IS NOT NULL").fetchone() == (
        True,
    )

    mend(three)
    call_command("prepare_database", quiet=True)

    assert preparation.behind() == []


def test_an_organisation_still_being_made_is_not_migrated(superuser: Any, alice: Any) -> None:
    provisioning.request_organisation("initech", "Initech", alice, COMMAND_LINE)

    assert preparation.behind() == []


@pytest.mark.timeout(180)
def test_two_at_once_prepare_one_database() -> None:
    with installation() as empty:
        started = [empty.start("prepare_database") for _ in range(2)]
        done = [each.communicate_all() for each in started]

        assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
        made = sorted(int(each.stdout.split("(")[1].split()[0]) for each in done)
        assert made[0] == 0
        assert made[1] > 100


def test_partitions_are_there_for_two_weeks_to_come(world: None) -> None:
    assert preparation.make_partitions() == 0
    with psycopg.connect(os.environ["PULSE_TEST_SUPERUSER_URL"]) as superuser:
        days = superuser.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'telemetry_checkresult'::regclass"
            " AND substring(inhrelid::regclass::text from '[0-9]{8}$')::date > current_date"
        ).fetchone()

    assert days == (14,)


def test_an_unreachable_database_is_one_clear_line(world: None) -> None:
    with installation() as empty:
        gone = type(empty)(empty.name, empty.owner_url.replace(empty.name, "no_such_place", 1), empty.url)
        refused = gone.manage("prepare_database")

    assert refused.returncode == 1
    assert "cannot be reached" in refused.stderr
    assert "Traceback" not in refused.stderr
