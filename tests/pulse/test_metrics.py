"""What Pulse counts about itself."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from pulse.metrics import observe_all


def shown(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line and "_sum" not in line]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 7.0]) | st.floats(0, 100), max_size=30))
def test_many_observed_at_once_are_the_same_as_one_by_one(values: list[float]) -> None:
    one_by_one, at_once = CollectorRegistry(), CollectorRegistry()
    model = Histogram("took", "How long.", buckets=(0.5, 1, 2), registry=one_by_one)
    for value in values:
        model.observe(value)

    observe_all(Histogram("took", "How long.", buckets=(0.5, 1, 2), registry=at_once), values)

    assert shown(at_once) == shown(one_by_one)
    found, expected = at_once.get_sample_value("took_sum"), one_by_one.get_sample_value("took_sum")
    assert found is not None
    assert expected is not None
    assert abs(found - expected) < 1e-6
