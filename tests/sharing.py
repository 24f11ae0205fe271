"""A pytest plug-in: how the processes share the suite, so that what is started once for a file is started once."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# One browser and one web server for all of it.
TOGETHER = ("tests/browser/",)
# What mostly waits for processes that it starts, the longest first: half of the suite's processes begin with these, the
# others with what computes. If all waited at the same time, a core would have nothing to do.
WAITS = (
    "tests/faults/", "tests/browser/", "tests/supervisor/", "tests/tenants/test_roles.py", "tests/agent/",
    "tests/tenants/test_preparation.py",
)  # fmt: skip
# The longest last: who comes from that end begins with them, and both meet among the short ones.
COMPUTES = ("tests/notifications/", "tests/api/", "tests/tenants/test_walls.py", "tests/api/test_document.py")


def place(path: str) -> int:
    """Where in the queue a file stands: below 0 it waits, above 0 it computes."""
    for number, prefix in enumerate(WAITS):
        if path.startswith(prefix):
            return number - len(WAITS)
    return max((number for number, prefix in enumerate(COMPUTES, 1) if path.startswith(prefix)), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # the order of the items is the order of the queue
    return _FromBothEnds(config, log)


class _FromBothEnds(LoadScopeScheduling):  # type: ignore[misc]  # without types
    """Half of the processes take files from the beginning of the queue, the others from its end."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node not in self.nodes[: max(1, len(self.nodes) // 2)]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
