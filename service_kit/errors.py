"""How a refusal looks to a caller: a code, a reason and google.rpc details within 4 KiB."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # ships no types

ERROR_DOMAIN = "diptych"
# C-core clients may drop trailers from 8 KiB on, so details stay well below.
MAX_STATUS_BYTES = 4096
MAX_VIOLATIONS = 20
_MAX_TEXT_BYTES = 300


class StartRefused(Exception):
    """The process can't start; the message is the one line that the operator sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldViolation:
    """One field that breaks a rule: `field` is a path such as items[0].sku."""

    field: str
    description: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """One state that has to change before the call can succeed."""

    type: str
    subject: str
    description: str


class ServiceError(Exception):
    """A refusal that a caller is meant to see; everything in it leaves the process."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[FieldViolation] = (),
        preconditions: Sequence[Precondition] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = _cut(message)
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.preconditions = tuple(preconditions)
        self.retry_after_seconds = retry_after_seconds


class ErrorTable:
    """Which exception becomes which refusal; the nearest class of an exception's ancestry decides."""

    def __init__(self, rows: Mapping[type[Exception], Callable[[Any], ServiceError]] | None = None) -> None:
        self._rows = dict(rows or {})

    def describe(self, error: BaseException) -> ServiceError | None:
        """Answer the refusal of an exception; None when the table does not know it."""
        if isinstance(error, ServiceError):
            return error
        for ancestor in type(error).__mro__:
            row = self._rows.get(ancestor)
            if row is not None:
                return row(error)
        return None


def to_status(error: ServiceError) -> status_pb2.Status:
    """Build google.rpc.Status with ErrorInfo and what else the refusal holds, at most 4 KiB."""
    violations = [_field_violation(each) for each in error.violations[:MAX_VIOLATIONS]]
    preconditions = [_precondition(each) for each in error.preconditions[:MAX_VIOLATIONS]]
    status = _status(error, violations, preconditions)
    while status.ByteSize() > MAX_STATUS_BYTES and (violations or preconditions):
        (violations or preconditions).pop()
        status = _status(error, violations, preconditions)
    return status


def _status(
    error: ServiceError,
    violations: Sequence[error_details_pb2.BadRequest.FieldViolation],
    preconditions: Sequence[error_details_pb2.PreconditionFailure.Violation],
) -> status_pb2.Status:
    status = status_pb2.Status(code=status_number(error.code), message=error.message)
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(
            reason=error.reason,
            domain=ERROR_DOMAIN,
            metadata={key: _cut(value, 200) for key, value in list(error.metadata.items())[:8]},
        )
    )
    if violations:
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=violations))
    if preconditions:
        status.details.add().Pack(error_details_pb2.PreconditionFailure(violations=preconditions))
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(error.retry_after_seconds * 1_000_000_000))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def status_number(code: grpc.StatusCode) -> int:
    """Answer the number that stands for a code on the wire."""
    number: int = code.value[0]
    return number


def _field_violation(violation: FieldViolation) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=_cut(violation.field), description=_cut(violation.description), reason=violation.reason[:63]
    )


def _precondition(precondition: Precondition) -> error_details_pb2.PreconditionFailure.Violation:
    return error_details_pb2.PreconditionFailure.Violation(
        type=_cut(precondition.type),
        subject=_cut(precondition.subject),
        description=_cut(precondition.description),
    )


def _cut(text: str, limit: int = _MAX_TEXT_BYTES) -> str:
    # A lone surrogate can't travel in a protobuf string, and a text of a caller may hold one.
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode("utf-8")
    return encoded[: limit - 3].decode("utf-8", "ignore") + "..."


def failure_trailers(error: ServiceError) -> tuple[tuple[str, str | bytes], ...]:
    """Answer the trailing metadata that carries the details, and the pushback that retrying clients obey."""
    details = ("grpc-status-details-bin", to_status(error).SerializeToString())
    if error.retry_after_seconds is None:
        return (details,)
    return (details, ("grpc-retry-pushback-ms", str(round(error.retry_after_seconds * 1000))))
