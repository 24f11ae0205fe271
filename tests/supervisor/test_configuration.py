"""What the environment may say to `make run`, and what it gets told when it is wrong."""

from pathlib import Path

import pytest

from pulse.embedded import EmbeddedError
from pulse.supervisor.children import pulse_program
from pulse.supervisor.configuration import check_port, child_environment, read_configuration
from pulse.supervisor.reach import without_password


@pytest.mark.parametrize(
    ("environ", "base_url"),
    [
        ({}, "http://localhost:8000"),
        ({"PORT": "8001"}, "http://localhost:8001"),
        ({"HOST": "0.0.0.0"}, "http://localhost:8000"),
        ({"HOST": "192.0.2.7"}, "http://192.0.2.7:8000"),
        ({"HOST": "2001:db8::7"}, "http://[2001:db8::7]:8000"),
        ({"PULSE_BASE_URL": "https://pulse.example/"}, "https://pulse.example"),
    ],
)
def test_links_follow_host_and_port_unless_told(environ: dict[str, str], base_url: str) -> None:
    assert read_configuration(environ).base_url == base_url


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80 80"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(EmbeddedError, match=f"^PORT={port} is not a port"):
        read_configuration({"PORT": port})


@pytest.mark.parametrize("host", ["203.0.113.5", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(EmbeddedError, match=f"^HOST={host} is no address of this machine"):
        check_port(read_configuration({"HOST": host, "PORT": "8123"}))


def test_given_secrets_win_over_generated_ones(tmp_path: Path) -> None:
    configuration = read_configuration({"PULSE_DATA": str(tmp_path)})
    assert child_environment(configuration, {"SECRET_KEY": "given"})["SECRET_KEY"] == "given"
    assert len(child_environment(configuration, {})["SECRET_KEY"]) == 64


def test_pulse_is_four_processes_beside_its_servers() -> None:
    names = [spec.name for spec in pulse_program(read_configuration({})).children]
    assert names == ["web", "checks", "work", "beat"]


@pytest.mark.parametrize(("given", "demo"), [({}, True), ({"PULSE_DEMO": "0"}, False)])
def test_the_demo_is_on_unless_switched_off(given: dict[str, str], demo: bool) -> None:
    assert read_configuration(given).demo is demo


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://pulse:secret@db/pulse", "postgresql://pulse:***@db/pulse"),
        ("postgresql://pulse:se@cret@db/pulse", "postgresql://pulse:***@db/pulse"),
        ("redis://:secret@cache:6379/0", "redis://:***@cache:6379/0"),
        ("redis://cache/0", "redis://cache/0"),
        ("host=db password=secret", "(not a URL)"),
    ],
)
def test_urls_are_shown_without_their_passwords(url: str, shown: str) -> None:
    assert without_password(url) == shown
