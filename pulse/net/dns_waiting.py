"""Keep the names that an organisation wants to know until it is their turn, without those that nobody waits for."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from pulse.net.answers import Answer

# As many as checks may be under way: what is more can only be names of checks that are over.
MOST_NAMES = 10_000
# What is over is looked for so often, where there is no room: it means going through all.
LOOK_AGAIN_S = 1.0

Waiter = Callable[[Answer], None]
IsOver = Callable[[], bool]


class Name(NamedTuple):
    """A name with all who wait for it, in the order in which they came."""

    name: str
    family: int
    waiters: list[tuple[Waiter, IsOver]]

    def left(self) -> list[Waiter]:
        return [done for done, is_over in self.waiters if not is_over()]


class Names:
    """Those of one organisation, one entry for each, in the order in which they were first asked for."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._names: OrderedDict[str, Name] = OrderedDict()
        self._look_at = 0.0

    def __len__(self) -> int:
        return len(self._names)

    def add(self, key: str, name: str, family: int, waiter: tuple[Waiter, IsOver]) -> bool:
        """False: there is no room."""
        known = self._names.get(key)
        if known is not None:
            known.waiters.append(waiter)
            return True
        if len(self._names) >= self._most and not self._made_room():
            return False
        self._names[key] = Name(name, family, [waiter])
        return True

    def next(self) -> tuple[Name, list[Waiter]] | None:
        """The first name that somebody still waits for, and who does."""
        while self._names:
            _, name = self._names.popitem(last=False)
            if left := name.left():
                return name, left
        return None

    def _made_room(self) -> bool:
        now = monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_AGAIN_S
            for key in [key for key, name in self._names.items() if not name.left()]:
                del self._names[key]
        return len(self._names) < self._most
