"""What the read service refuses, whatever the domain, and how that looks to a caller."""

import grpc

from read_store import Checkpoint
from service_kit.errors import FieldViolation, ServiceError

_RETRY_BEHIND_SECONDS = 0.5
_RETRY_STORE_SECONDS = 1.0


def projection_behind(position: int, required_position: int | None = None) -> ServiceError:
    """The answer asked for would need events that are not applied yet."""
    metadata, required = {"position": str(position)}, "the end of the log"
    if required_position is not None:
        metadata["required_position"] = required = str(required_position)
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "PROJECTION_BEHIND",
        f"the read model is at position {position}, required is {required}",
        metadata=metadata,
        retry_after_seconds=_RETRY_BEHIND_SECONDS,
    )


def nothing_built() -> ServiceError:
    """No projector ever started this read model."""
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "PROJECTION_BEHIND",
        "the read model has not been started",
        metadata={"position": "0"},
        retry_after_seconds=_RETRY_BEHIND_SECONDS,
    )


def epoch_changed(last_common_position: int | None) -> ServiceError:
    """The token is from a history that a restore has replaced.

    Up to the last common position, where that is known, nothing has changed.
    """
    metadata = {}
    if last_common_position is not None:
        metadata["last_common_position"] = str(last_common_position)
    return ServiceError(
        grpc.StatusCode.FAILED_PRECONDITION,
        "EPOCH_CHANGED",
        "the token is from a history of the log that was replaced by a restore",
        metadata=metadata,
    )


def generation_gone() -> ServiceError:
    """The list was begun on a read model that was replaced since."""
    return ServiceError(
        grpc.StatusCode.FAILED_PRECONDITION,
        "GENERATION_GONE",
        "the list was begun on a read model that was replaced since; start it again",
    )


def consistency_token_invalid() -> ServiceError:
    """The text is not a consistency token of this system."""
    return ServiceError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "CONSISTENCY_TOKEN_INVALID",
        "the consistency token is not one of this system",
    )


def page_token_invalid() -> ServiceError:
    """The text is not a page token, or one of another method or of other filters."""
    return ServiceError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "PAGE_TOKEN_INVALID",
        "the page token is altered, or of another method or of other filters; start the list again",
    )


def read_store_unavailable() -> ServiceError:
    """The read store does not answer."""
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "READ_STORE_UNAVAILABLE",
        "the read store can't be reached",
        retry_after_seconds=_RETRY_STORE_SECONDS,
    )


def read_model_damaged() -> ServiceError:
    """What the answer would be made of was lost or changed by somebody else's hand."""
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "READ_MODEL_DAMAGED",
        "data of the read model was lost; it is filled again from the log",
        retry_after_seconds=_RETRY_STORE_SECONDS,
    )


def invalid_field(field: str, description: str) -> ServiceError:
    """A field breaks a rule that its proto can't state."""
    return ServiceError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        f"{field}: {description}",
        violations=(FieldViolation(field=field, description=description),),
    )


def not_found(checkpoint: Checkpoint, reason: str, **ids: str) -> ServiceError:
    """No such entity; while a read model is being filled, that can't be told yet."""
    if checkpoint.is_rebuilding:
        return projection_behind(checkpoint.position)
    names = ", ".join(f"{name} {id_}" for name, id_ in ids.items())
    return ServiceError(grpc.StatusCode.NOT_FOUND, reason, f"there is no {names}", metadata=ids)
