"""Evidence reads as words and values with units; what a target wrote stays as it came."""

from __future__ import annotations

from monitors.explaining import Part, parts


def test_facts_come_in_order_with_words_and_units() -> None:
    facts = {"ip": "192.0.2.7", "size": 43, "status": 500, "connected": True, "response_time": 1234.56}
    found = parts({"facts": facts, "notes": {"request": "GET http://shop.example/"}, "assertions": []})

    assert found == [
        Part(
            "Measured",
            [
                ("Request", "GET http://shop.example/"),
                ("Status", "500"),
                ("Connected", "yes"),
                ("Address", "192.0.2.7"),
                ("Took", "1,234.6 ms"),
                ("Size", "43 bytes"),
            ],
            is_open=True,
        )
    ]


def test_a_body_is_a_text_and_headers_are_pairs() -> None:
    notes = {"body": "<html>", "cut": True, "headers": [["Server", "nginx"], ["Via", "1.1 a"]]}

    assert parts({"facts": {}, "notes": notes}) == [
        Part("Body, its beginning", text="<html>", is_open=True),
        Part("Headers", [("Server", "nginx"), ("Via", "1.1 a")]),
    ]


def test_each_certificate_of_a_chain_is_a_part() -> None:
    tls = {
        "version": "TLSv1.3",
        "chain": [{"subject": "a", "names": ["a", "b"]}, {"subject": "ca", "names": []}],
    }

    assert parts({"notes": {"tls": tls}}) == [
        Part("Encryption", [("Version", "TLSv1.3")]),
        Part("Encryption: certificate 1 of 2", [("Subject", "a"), ("Names", "a, b")]),
        Part("Encryption: certificate 2 of 2", [("Subject", "ca")]),
    ]


def test_a_lost_ping_is_said_to_be_lost() -> None:
    pings = {"sent": 2, "received": 1, "round_trips_ms": [0.5, None]}

    assert parts({"facts": {"loss": 50.0}, "notes": {"ping": pings}}) == [
        Part("Measured", [("Lost", "50 %")], is_open=True),
        Part("Pings", [("Sent", "2"), ("Came back", "1"), ("Round trips", "0.50 ms, lost")]),
    ]


def test_what_it_does_not_know_is_shown_all_the_same() -> None:
    found = parts({"facts": {"new_thing": 3}, "notes": {"odd": [["a"], 7], "deep": {"x": {"y": 1}}}})

    assert found == [
        Part("Measured", [("New thing", "3")], is_open=True),
        Part("Deep: x", [("Y", "1")]),
        Part("Odd", [("1", "a"), ("2", "7")]),
    ]


def test_a_whole_number_is_shown_to_its_last_digit() -> None:
    found = parts({"facts": {"answer": 1234567890123456789, "rows": 1}})

    assert found == [Part("Measured", [("Answer", "1234567890123456789"), ("Rows", "1")], is_open=True)]
