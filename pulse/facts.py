"""Tell downstream what happened, inside the transaction that made it so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

from pulse import scoping

Fact = TypeVar("Fact")
Handler = Callable[[Sequence[Fact]], None]

_handlers: defaultdict[type, list[Callable[[Sequence[object]], None]]] = defaultdict(list)


def on(fact_type: type[Fact]) -> Callable[[Handler[Fact]], Handler[Fact]]:
    """Register a handler, in `AppConfig.ready()`.

    A handler gets all facts of one organisation and batch in one call, in that organisation's
    scope and in the emitter's transaction: set-based SQL only, no network. What it raises rolls
    the whole transaction back, so what upstream did and what downstream made of it never differ.
    """

    def register(handler: Handler[Fact]) -> Handler[Fact]:
        if handler not in _handlers[fact_type]:
            _handlers[fact_type].append(handler)  # type: ignore[arg-type]
        return handler

    return register


def emit(facts: Sequence[object]) -> None:
    """Hand frozen facts of one type to their handlers."""
    if not facts:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("facts are emitted inside the transaction that makes them true")
    if scoping.current() is None:
        raise scoping.ScopeError("facts are emitted inside the organisation that they are about")
    for handler in _handlers[type(facts[0])]:
        handler(facts)
