"""What a refusal says, of a call or of one command in a batch."""

from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # ships no types

# Answers that say for sure that a command has no effect now and none later.
CERTAIN = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
    }
)
_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def said(error: grpc.aio.AioRpcError) -> dict[str, Any]:
    """The code of a refusal, and what our code says in its details where that is who answered."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return {**said_in(status_pb2.Status.FromString(value)), "code": error.code().name}
    # Said by gRPC itself, not by our code.
    return {"code": error.code().name, "reason": None, "details": error.details()}


def said_in(status: Any) -> dict[str, Any]:
    """The same of a google.rpc.Status."""
    found: dict[str, Any] = {"code": _CODES[status.code], "reason": None}
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            found["reason"] = info.reason
            if current := info.metadata.get("current_version"):
                found["current_version"] = int(current)
    return found
