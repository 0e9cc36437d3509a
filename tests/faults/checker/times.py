"""When the clients sent what is in the log, and when they knew that it is there."""

import math
from dataclasses import dataclass
from uuid import UUID

from tests.faults.checker.findings import Evidence
from tests.faults.checker.log_dump import LogEvent


@dataclass(slots=True)
class _Taken:
    """When a command was first sent and first known to be accepted."""

    sent: float
    acknowledged: float
    place: str


class Times:
    """When the clients sent what is in the log, and when they knew; what was there before is known always."""

    def __init__(self, evidence: Evidence) -> None:
        self._begins_after = evidence.begins_after
        self.taken: dict[UUID, _Taken] = {}
        for call in evidence.commands:
            assert call.command_id is not None
            taken = self.taken.setdefault(call.command_id, _Taken(call.at, math.inf, call.place))
            taken.sent = min(taken.sent, call.at)
            if call.receipt is not None and evidence.log.holds(call.receipt.epoch, call.receipt.position):
                taken.acknowledged = min(taken.acknowledged, call.ended)

    def sent(self, event: LogEvent) -> float:
        if event.position <= self._begins_after:
            return -math.inf
        taken = self.taken.get(event.command_id)
        return taken.sent if taken else -math.inf

    def acknowledged(self, event: LogEvent) -> float:
        if event.position <= self._begins_after:
            return -math.inf
        taken = self.taken.get(event.command_id)
        return taken.acknowledged if taken else math.inf
