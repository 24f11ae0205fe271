"""Say what an arrival means: by its address, its method, and the words in it. Pure."""

from __future__ import annotations

from monitors.heartbeats.advancing import Kind
from monitors.heartbeats.settings import HeartbeatConfig

POST = ("POST", "email")
WITHOUT = {"ignore": Kind.IGNORED, "success": Kind.SUCCESS, "fail": Kind.FAIL}


def kind_of(
    config: HeartbeatConfig, asked: Kind, method: str, *, subject: str | None, text: str | None, body: bytes
) -> tuple[Kind, str]:
    """What it counts as, and why where that is not what its address says.

    Keywords decide what an address without a verb means; `subject` is None for what did not come by mail.
    """
    if config.post_only and method not in POST:
        return Kind.IGNORED, f"{method} does not count here, only POST does"
    if asked is not Kind.SUCCESS:
        return asked, ""
    texts = []
    if config.filter_subject and subject is not None:
        texts.append(subject)
    if config.filter_body:
        texts.append(body.decode("utf-8", "replace") if text is None else text)
    if not texts:
        return asked, ""
    for words, kind in (
        (config.failure_keywords, Kind.FAIL),
        (config.success_keywords, Kind.SUCCESS),
        (config.start_keywords, Kind.START),
    ):
        for word in words:
            if any(word in one for one in texts):
                return kind, f"it contains “{word}”"
    return WITHOUT[config.without_keyword], "it contains none of the keywords"
