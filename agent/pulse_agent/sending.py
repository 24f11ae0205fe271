"""Send batches to Pulse over HTTP, and say what its answer means for them."""

from __future__ import annotations

import gzip
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPException
from time import time
from typing import TYPE_CHECKING, Any

from pulse_agent import VERSION

if TYPE_CHECKING:
    from pulse_agent.configuration import Configuration

ANSWER_AT_MOST = 64 * 1024


class Fate(Enum):
    """What becomes of the batches that were sent."""

    STORED = "stored"
    REFUSED = "refused"  # sending them again would change nothing
    TOO_LARGE = "too large"  # fewer at once may do
    LATER = "later"


@dataclass(frozen=True)
class Answer:
    """`words` say what to change, "" when all is well; `wait` is what Pulse asked for, in seconds."""

    fate: Fate
    words: str = ""
    wait: float | None = None
    content: Any = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to the address that was set and to no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Sender:
    def __init__(self, configuration: Configuration) -> None:
        context = ssl.create_default_context(cafile=configuration.ca_file or None)
        # Proxies as in the environment: HTTPS_PROXY, NO_PROXY.
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
        self._url = f"{configuration.url}/v1/ingest/metrics{'?create=1' if configuration.create else ''}"
        self._timeout = configuration.timeout
        self._headers = {
            "Authorization": f"Bearer {configuration.key}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": f"pulse-agent/{VERSION}",
        }

    def send(self, batches: list[bytes]) -> Answer:
        """All of them in one request, in their order."""
        body = gzip.compress(b"[" + b",".join(batches) + b"]", 6)
        request = urllib.request.Request(self._url, body, self._headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _accepted(response.read(ANSWER_AT_MOST))
        except urllib.error.HTTPError as error:
            with error:
                return _refused(error, error.read(ANSWER_AT_MOST))
        except urllib.error.URLError as error:
            return Answer(Fate.LATER, f"Pulse cannot be reached: {error.reason}")
        except (OSError, HTTPException, ValueError) as error:
            return Answer(Fate.LATER, f"Pulse cannot be reached: {error or type(error).__name__}")


def _accepted(content: bytes) -> Answer:
    answer = _json(content)
    if not isinstance(answer, dict) or "accepted" not in answer:
        return Answer(Fate.LATER, "what answers at that address is not Pulse: check url")
    words = ""
    if answer.get("refused"):
        first = "; ".join(f"{one['pointer']}: {one['detail']}" for one in answer.get("errors", [])[:3])
        words = f"Pulse refused {answer['refused']} samples: {first}"
    return Answer(Fate.STORED, words, content=answer)


def _refused(error: urllib.error.HTTPError, content: bytes) -> Answer:
    answer = _json(content)
    detail = answer.get("detail", "") if isinstance(answer, dict) else ""
    told = answer.get("errors") if isinstance(answer, dict) else None
    if told:
        detail = "; ".join(f"{one['pointer']}: {one['detail']}" for one in told[:3])
    words = f"Pulse answered {error.code}: {detail or error.reason}"
    if error.code == 401:
        return Answer(Fate.LATER, f"{words} The key is unknown, expired or revoked.")
    if error.code == 413:
        return Answer(Fate.TOO_LARGE, words)
    if error.code in (400, 422):
        return Answer(Fate.REFUSED, words)
    if 300 <= error.code < 400:
        return Answer(Fate.LATER, f"{words}: it wants {error.headers.get('Location', '')}. Set url to that.")
    return Answer(Fate.LATER, words, _retry_after(error.headers.get("Retry-After")))


def _retry_after(text: str | None) -> float | None:
    """Seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    try:
        return (
            max(0.0, float(text))
            if text.strip().isdigit()
            else parsedate_to_datetime(text).timestamp() - time()
        )
    except (ValueError, TypeError):
        return None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
