"""What answers say besides numbers: how long to wait, in all the ways that providers say it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.refusals import asked_to_wait, check_status
from monitors.probes.sources.shape import Answer, SourceError

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (200, {}, None),
        (200, {"retry-after": "30"}, None),  # RFC 9110 gives it a meaning with few statuses only
        (429, {"retry-after": "30"}, 30),
        (503, {"retry-after": "Sun, 01 Mar 2026 12:01:40 GMT"}, 100),
        (429, {"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        (429, {"retry-after": "soon"}, None),
        (429, {"retry-after": "9" * 400}, None),
        (200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "30"}, None),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30),
        (429, {"x-ratelimit-reset": str(int(NOW.timestamp()) + 45)}, 45),  # a moment, not a duration
        (200, {"req-limit-short": "Remaining: 394 Time until reset: 3589"}, None),
        (200, {"req-limit-short": "Remaining: 0 Time until reset: 12",
               "req-limit-long": "Remaining: 0 Time until reset: 3600"}, 3600),
        (200, {"req-limit-short": "nonsense"}, None),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_read_from_whichever_header_says_it(
    status: int, headers: dict[str, str], wait: float | None
) -> None:
    assert asked_to_wait(Answer(status, headers, b""), NOW) == wait


@pytest.mark.parametrize(
    ("status", "headers", "words", "wait_s"),
    [
        (429, {}, "the source asks to wait for 60 s", 60),
        (429, {"retry-after": "0"}, "the source asks to wait for 1 s", 1),
        (429, {"retry-after": "600"}, "the source asks to wait for 10 minutes", 600),
        (429, {"retry-after": "99999999"}, "the source asks to wait for 24 hours", 86_400),
        (
            429,
            {"retry-after": "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"},
            "asks to wait for 60 s",
            60,
        ),
        (429, {"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, "asks to wait for 60 s", 60),
        (503, {"retry-after": "120"}, "the source asks to wait for 2 minutes", 120),
        (503, {}, "the source itself failed (HTTP 503)", None),
    ],
)
def test_a_limit_is_told_in_words_and_never_believed_for_more_than_a_day(
    status: int, headers: dict[str, str], words: str, wait_s: float | None
) -> None:
    with pytest.raises(SourceError, match=words.replace("(", r"\(").replace(")", r"\)")) as refused:
        check_status(Answer(status, headers, b""), NOW)
    assert refused.value.wait_s == wait_s


@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_refused_key_is_called_so(status: int) -> None:
    with pytest.raises(SourceError, match="refused the key") as refused:
        check_status(Answer(status, {}, b""), NOW)
    assert refused.value.error is ErrorClass.SOURCE_REFUSED


@pytest.mark.parametrize("status", [200, 207, 400, 422])
def test_what_a_body_can_explain_is_left_to_its_source(status: int) -> None:
    check_status(Answer(status, {}, b""), NOW)


def test_a_moment_far_away_in_a_good_answer_is_a_day_at_most() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}
    assert asked_to_wait(Answer(200, headers, b""), NOW) == 86_400
