"""Which failpoints there are, and which of them the environment arms."""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

Action = Literal["kill", "stop", "lose", "delay"]

# By process; a query is answered by the same guard as a command, so both have the points of replies.
POINTS = {
    "write_service": (
        "append.before_send",
        "append.under_way",
        "append.answered",
        "reply.before_send",
    ),
    "projector": (
        "lease.granted",
        "lease.before_renew",
        "generation.before_start",
        "generation.started",
        "rebuild.opened",
        "rebuild.half",
        "rebuild.before_compare",
        "rebuild.before_switch",
        "rebuild.after_switch",
        "rebuild.before_drop",
        "page.read",
        "apply.before_send",
        "apply.under_way",
        "apply.answered",
        "beat.before_send",
        "head.before_answer",
    ),
    "read_service": (
        "query.read",
        "query.before_wait",
        "page.before_send",
        "reply.before_send",
    ),
}
_NAMES = frozenset(name for names in POINTS.values() for name in names)
_SPEC = re.compile(
    r"(?P<name>[a-z_.]+)=(?P<action>[a-z]+)(?::(?P<seconds>[0-9.]+))?"
    r"(?:@(?P<hit>[0-9]+)(?P<again>\+)?)?"
)


class FailpointsMistaken(Exception):
    """DIPTYCH_FAILPOINTS names no failpoint or no action of ours: the test would test nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failpoint:
    """What happens at a place when it is reached for the `hit`-th time, or each `hit`-th time.

    `seconds` is the length of a delay, and at a place in the middle of a call how long after its begin.
    """

    name: str
    action: Action
    seconds: float = 0.0
    hit: int = 1
    is_repeated: bool = False

    def __str__(self) -> str:
        """As DIPTYCH_FAILPOINTS spells it."""
        return f"{self.name}={self.action}:{self.seconds:.6f}@{self.hit}{'+' if self.is_repeated else ''}"


def parse(text: str) -> dict[str, Failpoint]:
    """The failpoints in `name=action[:seconds][@hit[+]]`, joined by semicolons; raises FailpointsMistaken."""
    found = [_failpoint(spec) for spec in text.split(";") if spec]
    return {failpoint.name: failpoint for failpoint in found}


def _failpoint(spec: str) -> Failpoint:
    match = _SPEC.fullmatch(spec)
    if match is None or match["name"] not in _NAMES or match["action"] not in get_args(Action):
        raise FailpointsMistaken(f"no failpoint: {spec!r}")
    return Failpoint(
        name=match["name"],
        action=cast(Action, match["action"]),
        seconds=float(match["seconds"] or 0),
        hit=int(match["hit"] or 1),
        is_repeated=match["again"] is not None,
    )
