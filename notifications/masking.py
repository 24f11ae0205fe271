"""Show of a person's number as much as others need to know it by."""

import re

NUMBER = re.compile(r"(\+\d{2})\d+(\d{3})")


def masked(recipient: str) -> str:
    """`+491511234567` is `+49…567`; what is no number is shown as it is, as members' addresses are."""
    return NUMBER.sub(r"\1…\2", recipient) if NUMBER.fullmatch(recipient) else recipient
