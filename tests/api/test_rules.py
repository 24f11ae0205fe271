"""`/v1/rules`: which outages are told to which channels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.making import UNKNOWN, make_channel, make_monitor, make_rule, pointers


def test_a_rule_is_made_with_the_defaults(api: Any) -> None:
    channel = make_channel(api)

    rule = make_rule(api, channel)

    shown = {key: rule[key] for key in ("name", "monitors", "channels", "on", "enabled")}
    assert shown == {
        "name": "everything",
        "monitors": "all",
        "channels": [channel["id"]],
        "on": ["down", "up"],
        "enabled": True,
    }
    assert api.get(f"rules/{rule['id']}").json() == rule


def test_sending_back_what_was_read_changes_nothing(api: Any) -> None:
    channels = [make_channel(api, name=f"c{n}") for n in range(4)]
    monitors = [make_monitor(api, name=f"m{n}")["id"] for n in range(4)]
    rule = make_rule(api, *channels, monitors=monitors)

    assert api.patch(f"rules/{rule['id']}", rule).json() == rule
    assert api.get(f"rules/{rule['id']}").json() == rule


def test_a_patch_keeps_what_it_does_not_name(api: Any) -> None:
    rule = make_rule(api, make_channel(api), monitors=[make_monitor(api)["id"]])

    changed = api.patch(f"rules/{rule['id']}", {"on": ["down"], "enabled": False}).json()

    assert changed == rule | {"on": ["down"], "enabled": False}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": None}, "/name"),
        ({"monitors": "some"}, "/monitors"),
        ({"monitors": []}, "/monitors"),
        ({"monitors": [UNKNOWN]}, "/monitors"),
        ({"monitors": [{"id": UNKNOWN}]}, "/monitors"),
        ({"channels": []}, "/channels"),
        ({"channels": "all"}, "/channels"),
        ({"channels": [UNKNOWN]}, "/channels"),
        ({"channels": [None]}, "/channels"),
        ({"on": []}, "/on"),
        ({"on": ["up"]}, "/on"),
        ({"on": ["sideways"]}, "/on"),
        ({"on": [["down"]]}, "/on"),
        ({"on": "down"}, "/on"),
        ({"enabled": 1}, "/enabled"),
        ({"all_monitors": True}, "/all_monitors"),
    ],
)
def test_a_field_that_cannot_be_is_named(api: Any, fields: dict[str, Any], at: str) -> None:
    channel = make_channel(api)

    answer = api.post("rules", {"name": "r", "channels": [channel["id"]]} | fields)

    assert pointers(answer) == [at]


def test_foreign_ids_are_as_unknown_as_invented_ones(api: Any, globex_api: Any) -> None:
    channel, foreign_channel = make_channel(api), make_channel(globex_api)
    foreign_monitor = make_monitor(globex_api)

    def words(**fields: Any) -> str:
        body = {"name": "r", "channels": [channel["id"]]} | fields
        answer = api.post("rules", body)
        assert answer.status_code == 422
        text: str = answer.content.decode()
        for identity in (UNKNOWN, foreign_channel["id"], foreign_monitor["id"]):
            text = text.replace(identity, "<id>")
        return text

    assert words(monitors=[foreign_monitor["id"]]) == words(monitors=[UNKNOWN])
    assert words(channels=[channel["id"], foreign_channel["id"]]) == words(channels=[channel["id"], UNKNOWN])


def test_a_deleted_rule_is_gone(api: Any) -> None:
    rule = make_rule(api, make_channel(api))

    assert api.delete(f"rules/{rule['id']}").status_code == 204
    assert api.get(f"rules/{rule['id']}").status_code == 404


def test_lengths_of_time_are_seconds_or_as_people_write_them(api: Any) -> None:
    rule = make_rule(api, make_channel(api), delay_seconds="10 min", repeat_seconds=3600, digest_seconds="90")

    shown = {name: rule[f"{name}_seconds"] for name in ("delay", "repeat", "digest", "cooldown")}
    assert shown == {"delay": 600, "repeat": 3600, "digest": 90, "cooldown": None}
    for wrong in ("soon", -1, 86_401, True, 1.5, ["1"], ""):
        assert pointers(api.patch(f"rules/{rule['id']}", {"delay_seconds": wrong})) == ["/delay_seconds"]
