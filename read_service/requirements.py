"""What a query requires of its answer, and how long it may wait for it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken

from read_service.refusals import consistency_token_invalid
from service_kit.consistency_token import open_point
from service_kit.context import remaining_seconds
from service_kit.tokens import TokenInvalid

_DEFAULT_WAIT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 60.0
# What is left of the call's time must suffice for the read itself and the way back.
_ANSWER_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A place in a history that the answer must include; or the version of the stream that it names.

    `is_log_known` when the epoch was told by the log itself, so that no other one can be newer.
    """

    epoch: UUID
    position: int
    stream: str = ""
    version: int = 0
    is_log_known: bool = False

    UNREACHABLE: ClassVar["Requirement"]


# Where the log ends is not known, so that no answer can be known to include it.
Requirement.UNREACHABLE = Requirement(epoch=UUID(int=0), position=2**63 - 1, is_log_known=True)


def requirement_of(token: ConsistencyToken, key: bytes) -> Requirement:
    """Raise ServiceError CONSISTENCY_TOKEN_INVALID for a text that is not a token of this system."""
    try:
        point = open_point(token.token, key)
    except TokenInvalid:
        raise consistency_token_invalid() from None
    return Requirement(epoch=point.epoch, position=point.position, stream=point.stream, version=point.version)


def seconds_to_wait(asked: Consistency) -> float:
    """Answer how long the call may wait: as asked, and not beyond its deadline."""
    wait_seconds = _DEFAULT_WAIT_SECONDS
    if asked.HasField("max_wait"):
        wait_seconds = asked.max_wait.ToMicroseconds() / 1_000_000
    within_call = remaining_seconds() - _ANSWER_SECONDS
    return max(0.0, min(wait_seconds, _LONGEST_WAIT_SECONDS, within_call))
