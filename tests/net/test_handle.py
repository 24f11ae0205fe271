"""The second check: whatever libcurl is told, no socket is opened to another address than the vetted one."""

import pycurl
import pytest

from pulse.net.handle import Handle, Hop, default_ca_file
from pulse.net.urls import parse_url
from tests.targets import HttpTarget


@pytest.mark.parametrize("pinned", ["127.0.0.2", "::1"])
def test_no_socket_is_opened_to_another_address_than_the_pinned(pinned: str) -> None:
    handle = Handle(default_ca_file())
    with HttpTarget() as target:
        handle.prepare(Hop(parse_url(target.url), pinned, "GET", 1000, 1000, []))
        handle.curl.setopt(pycurl.CONNECT_TO, [f"::127.0.0.1:{target.port}"])

        with pytest.raises(pycurl.error):
            handle.curl.perform()

        assert handle.address_refused
        assert target.connections == 0


def test_the_pinned_address_is_connected_to_whatever_the_name_would_be() -> None:
    handle = Handle(default_ca_file())
    with HttpTarget() as target:
        handle.prepare(
            Hop(parse_url(target.at("/", "no.such.name.test")), "127.0.0.1", "GET", 1000, 1000, [])
        )

        handle.curl.perform()

        assert handle.curl.getinfo(pycurl.RESPONSE_CODE) == 200
        assert target.requests[0].headers["host"] == f"no.such.name.test:{target.port}"
