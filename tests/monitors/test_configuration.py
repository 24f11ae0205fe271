"""What is checked, told in a narrow column: certificates by name, numbers with units, long texts by a beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from monitors import configuration
from monitors.configuration import Line
from monitors.models import Monitor
from pulse.scoping import in_tenant
from tests.certificates import Authority
from tests.monitors.making import make

NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"


def lines_of(organisation: Any, monitor: Monitor) -> dict[str, Line]:
    with in_tenant(organisation):
        return {line.label: line for line in configuration.of(monitor).lines}


def test_a_certificate_is_told_by_its_name_and_its_end(acme: Any, as_alice: Client, tmp_path: Path) -> None:
    ca = Authority(tmp_path, "Shop authority").ca_file.read_text()
    monitor = make(acme, config={"ca": ca})

    page = as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()

    assert "Shop authority, until " in page
    assert "BEGIN CERTIFICATE" not in page


def test_of_a_bundle_the_first_are_told_and_the_number_of_all(acme: Any, tmp_path: Path) -> None:
    authorities = "".join(Authority(tmp_path, f"CA {number}").ca_file.read_text() for number in range(5))

    told = lines_of(acme, make(acme, config={"ca": authorities}))["Trusted authority"].rows

    assert told[0] == "5 certificates:"
    assert [row.partition(",")[0] for row in told[1:]] == ["CA 0", "CA 1", "CA 2", "and 2 more"]


@pytest.mark.parametrize("pem", [NO_CERTIFICATE, "what is not even a block"])
def test_what_is_no_certificate_is_told_as_such(pem: str) -> None:
    assert configuration.certificates_in_words(pem) == "a certificate that cannot be read"


def test_numbers_have_their_unit_unless_the_label_has_it(acme: Any) -> None:
    told = lines_of(acme, make(acme, kind="icmp", target="127.0.0.1", config={"count": 2, "warn_ms": 1500}))

    assert told["Average: degraded above"].value == "1,500 milliseconds"
    assert told["Pings"].value == "2"


def test_one_of_a_unit_is_one(acme: Any) -> None:
    told = lines_of(acme, make(acme, kind="tls", target="127.0.0.1:443", config={"warn_days": 1}))

    assert told["Degraded before it expires"].value == "1 day"


def test_a_long_text_is_told_by_its_beginning(acme: Any) -> None:
    told = lines_of(acme, make(acme, config={"method": "POST", "body_type": "text", "body": "order " * 500}))

    assert told["Content of the body"].value.startswith("order order")
    assert told["Content of the body"].value.endswith("… (3,000 characters)")
    assert len(told["Content of the body"].value) < 500


def test_assertions_stand_each_on_a_line(acme: Any) -> None:
    wanted = ["[STATUS] == 200", '[BODY].state == "ok"']

    assert lines_of(acme, make(acme, config={"assertions": wanted}))["Assertions"].rows == wanted
