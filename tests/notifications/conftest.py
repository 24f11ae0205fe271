"""One monitor whose state the test decides, and a third person."""

from __future__ import annotations

from typing import Any

import pytest

from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tests.notifications.site import Site


@pytest.fixture
def site(acme: Any) -> Site:
    return Site(acme)


@pytest.fixture
def carol(acme: Any) -> Any:
    """An operator of acme."""
    user, _ = membership.find_or_create_user("carol@acme.example", "correct horse battery")
    membership.add(acme, user, Role.OPERATOR, COMMAND_LINE)
    return user
