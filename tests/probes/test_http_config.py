"""An HTTP monitor's settings: defaults, complaints and the pure judgement."""

import pytest

from monitors.probes.http import SETTINGS, HttpConfig, judge, load
from monitors.probes.outcome import ErrorClass, Outcome, internal_error, sentence
from pulse.fields import ConfigError
from pulse.net.exchange import Exchange
from pulse.net.failures import Failure


def test_empty_settings_are_the_defaults() -> None:
    assert load({}) == HttpConfig()
    assert SETTINGS.as_json(load({}))["expected_status"] == "200-399"


def test_settings_survive_the_way_through_json() -> None:
    settings = {"method": "HEAD", "expected_status": "200-299, 304", "response_time_limit_ms": 500}

    assert load(SETTINGS.as_json(load(settings))) == load(settings)


@pytest.mark.parametrize(
    ("settings", "pointer", "remedy"),
    [
        ({"method": "POST"}, "/method", "Use GET or HEAD."),
        ({"method": ["GET"]}, "/method", "Use GET or HEAD."),
        ({"follow_redirects": "yes"}, "/follow_redirects", "Use true or false."),
        ({"max_redirects": 21}, "/max_redirects", "Use a whole number of redirects from 0 to 20."),
        ({"max_redirects": True}, "/max_redirects", "Use a whole number of redirects from 0 to 20."),
        ({"expected_status": 200}, "/expected_status", "like 200-299,304"),
        ({"expected_status": "299-200"}, "/expected_status", "like 200-299,304"),
        ({"expected_status": "2xx"}, "/expected_status", "like 200-299,304"),
        ({"expected_status": ""}, "/expected_status", "like 200-299,304"),
        ({"response_time_limit_ms": 0}, "/response_time_limit_ms", "from 1 to 300000"),
        ({"metod": "GET"}, "/metod", "Remove this unknown field"),
        ({"a/b": 1}, "/a~1b", "Remove this unknown field"),
        ([], "", "JSON object"),
    ],
)
def test_wrong_setting_names_its_field_and_remedy(settings: object, pointer: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(settings)

    [(found, detail)] = caught.value.errors
    assert found == pointer
    assert remedy in detail


def test_all_complaints_come_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load({"method": "PUT", "max_redirects": -1})

    assert [pointer for pointer, _ in caught.value.errors] == ["/method", "/max_redirects"]


def test_status_outside_the_expected_ranges_is_bad() -> None:
    config = load({"expected_status": "200-204,404"})

    assert judge(config, Exchange(status=404)).ok
    outcome = judge(config, Exchange(status=302))
    assert (outcome.error, outcome.detail) == (ErrorClass.BAD_STATUS, "answered 302, expected 200-204,404")


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_its_error_class(failure: Failure) -> None:
    outcome = judge(HttpConfig(), Exchange(failure=failure, detail="why"))

    assert not outcome.ok
    assert outcome.error not in (ErrorClass.NONE, ErrorClass.INTERNAL)


def test_detail_is_printable_and_short() -> None:
    assert sentence("a\x00b\r\nc\u202e") == "a?b??c?"
    assert len(sentence("x" * 500)) == 200


def test_internal_error_tells_the_class_and_not_the_text() -> None:
    outcome: Outcome = internal_error(ValueError("a secret"))

    assert "ValueError" in outcome.detail
    assert "secret" not in outcome.detail
