"""Operations that are only answered once the read model has moved on from a place."""

from collections.abc import Sequence
from typing import Any

from read_store.checkpoint import Checkpoint
from read_store.operations import Operation


class UnlessAt:
    """What operations find, or None while the read model stands where it stood: they would find the same.

    All that is written moves a generation's place. For a projection that is not split.
    """

    def __init__(self, place: Checkpoint, operations: Sequence[Operation[Any]]) -> None:
        self.operations = operations
        # Made once: it is asked again and again.
        self._request = {
            "kind": "unless_at",
            "generation": f"{place.generation}",
            "epoch": place.epoch.hex,
            "position": f"{place.position}",
            "version": f"{place.version}",
            "operations": [operation.request() for operation in operations],
        }

    def request(self) -> dict[str, Any]:
        return self._request

    def parse(self, reply: Any) -> tuple[Any, ...] | None:
        if reply is None:
            return None
        return tuple(operation.parse(each) for operation, each in zip(self.operations, reply, strict=True))
