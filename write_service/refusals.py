"""Why a command is not accepted, as the caller learns it."""

from typing import Any
from uuid import UUID

import grpc

from event_store import CommitOutcomeUnknown, LogFull, StoreUnavailable, UnregisteredEventType
from service_kit.errors import ErrorTable, Precondition, ServiceError
from write_service.decider import AggregateExists, AggregateNotFound, CommandRejected

_RETRY_AT_ONCE_SECONDS = 0.05
_RETRY_SOON_SECONDS = 0.5


class WrongExpectedVersion(ServiceError):
    """The main stream is not at the version that the caller saw."""

    def __init__(self, stream: str, expected: int, current: int) -> None:
        super().__init__(
            grpc.StatusCode.ABORTED,
            "WRONG_EXPECTED_VERSION",
            f"expected version {expected} of {stream}, found {current}",
            metadata={
                "stream": stream,
                "expected_version": str(expected),
                "current_version": str(current),
            },
        )


class ConcurrentUpdate(ServiceError):
    """The command met others on its streams until its time was over."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            grpc.StatusCode.ABORTED,
            "CONCURRENT_UPDATE",
            f"other commands changed what this one is about, {stream} among it, until its time was over",
            metadata={"stream": stream},
            retry_after_seconds=_RETRY_AT_ONCE_SECONDS,
        )


class CommandIdReused(ServiceError):
    """The command id was accepted with other content."""

    def __init__(self, command_id: UUID) -> None:
        super().__init__(
            grpc.StatusCode.ALREADY_EXISTS,
            "COMMAND_ID_REUSED",
            f"command {command_id} was accepted with other content",
            metadata={"command_id": str(command_id)},
        )


class StreamNotFound(ServiceError):
    """The log holds no event of the stream asked for."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            grpc.StatusCode.NOT_FOUND,
            "STREAM_NOT_FOUND",
            f"the log holds no event of {stream}",
            metadata={"stream": stream},
        )


class PositionBeyondHead(ServiceError):
    """The position asked for is beyond the log's end: going on from it would pass over what comes next."""

    def __init__(self, position: int, head: int) -> None:
        super().__init__(
            grpc.StatusCode.OUT_OF_RANGE,
            "POSITION_BEYOND_HEAD",
            f"position {position} is beyond the end of the log, which is {head}",
            metadata={"position": str(position), "head": str(head)},
        )


class EpochChanged(ServiceError):
    """The log was replaced by another history of it while it was followed.

    Up to the last common position, where that is known, nothing has changed.
    """

    def __init__(self, position: int, last_common_position: int | None) -> None:
        metadata = {"position": str(position)}
        if last_common_position is not None:
            metadata["last_common_position"] = str(last_common_position)
        super().__init__(
            grpc.StatusCode.FAILED_PRECONDITION,
            "EPOCH_CHANGED",
            "the log was replaced by a restore; read it again from the start",
            metadata=metadata,
        )


def error_table() -> ErrorTable:
    """Everything that may come out of a handler of this process, and what it is to the caller."""
    return ErrorTable(
        {
            CommandRejected: lambda error: _rejected(grpc.StatusCode.FAILED_PRECONDITION, error),
            AggregateNotFound: lambda error: _rejected(grpc.StatusCode.NOT_FOUND, error),
            AggregateExists: lambda error: _rejected(grpc.StatusCode.ALREADY_EXISTS, error),
            StoreUnavailable: _log_unavailable,
            # The types are registered as soon as the log answers for the first time.
            UnregisteredEventType: _log_unavailable,
            CommitOutcomeUnknown: lambda _: ServiceError(
                grpc.StatusCode.UNAVAILABLE,
                "COMMIT_OUTCOME_UNKNOWN",
                "the connection was lost in the commit; repeat with the same command id",
                retry_after_seconds=_RETRY_SOON_SECONDS,
            ),
            LogFull: lambda _: ServiceError(
                grpc.StatusCode.RESOURCE_EXHAUSTED, "LOG_FULL", "the log's disk is full"
            ),
        }
    )


def _rejected(code: grpc.StatusCode, error: CommandRejected) -> ServiceError:
    preconditions = [
        Precondition(type=error.reason, subject=each.subject, description=each.description)
        for each in error.violations
    ]
    if not preconditions and code is grpc.StatusCode.FAILED_PRECONDITION:
        subject = next(iter(error.metadata.values()), "")
        preconditions = [Precondition(type=error.reason, subject=subject, description=error.message)]
    return ServiceError(
        code, error.reason, error.message, metadata=error.metadata, preconditions=preconditions
    )


def _log_unavailable(_error: Any) -> ServiceError:
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "LOG_UNAVAILABLE",
        "the log's database does not answer",
        retry_after_seconds=_RETRY_SOON_SECONDS,
    )
