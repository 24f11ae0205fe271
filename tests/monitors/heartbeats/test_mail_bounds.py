"""Messages that are made to take long or to break the reader take no time worth speaking of."""

from __future__ import annotations

from time import process_time

import pytest

from monitors.heartbeats import mail

DOMAIN = "ping.example.com"
HOSTILE = {
    "encoded words": b"Subject: " + b" =?utf-8?q?a?=" * 60_000,
    "folded lines": b"Subject: " + b"a\r\n " * 240_000,
    "a long subject": b"Subject: " + b"a " * 480_000,
    "parameters": b"Content-Type: text/plain" + b"; a=b" * 150_000,
    "continued parameters": b"Content-Disposition: inline" + b"; filename*0=b" * 60_000,
    "comments in comments": b"Content-Transfer-Encoding: " + b"(" * 900_000,
    "addresses": b"To: " + b"a@ping.example.com," * 50_000,
    "nested addresses": b"To: " + b"(" * 900_000,
    "headers": b"A: b\r\n" * 150_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 150_000,
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(15_000)
    ),
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_is_read_in_no_time(raw: bytes) -> None:
    raw = raw[:1_000_000] + b"\r\n\r\nall fine"
    before = process_time()

    subject, text = mail.read(raw)
    mail.recipients(raw, DOMAIN)

    assert process_time() - before < 2  # more than 20 s each when nothing is cut
    assert len(subject) <= 1000
    assert len(text) <= mail.TEXT_AT_MOST


def test_a_form_with_a_long_message_is_read_whole() -> None:
    """As a provider's webhook posts it: only what is in the message is cut."""
    message = b"Subject: done\r\n\r\n" + b"x" * 400_000
    form = (
        b'--b\r\nContent-Disposition: form-data; name="recipient"\r\n\r\n'
        b"00000000-0000-0000-0000-000000000000@ping.example.com\r\n"
        b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + message + b"\r\n--b--\r\n"
    )
    raw, tokens = mail.from_webhook("multipart/form-data; boundary=b", form, DOMAIN)
    assert (len(raw), len(tokens)) == (len(message), 1)
