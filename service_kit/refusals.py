"""The refusals that every service shares, whatever it serves."""

import grpc

from service_kit.errors import ServiceError

# Soon enough for a caller to notice little, late enough for a queue to shrink.
_RETRY_SECONDS = 0.25
# Another process has to be found, or this one to come back.
_RETRY_ELSEWHERE_SECONDS = 1.0


def internal_error(request_id: str) -> ServiceError:
    """Answer what a caller learns of a defect: nothing but the id that finds it in the logs."""
    return ServiceError(
        grpc.StatusCode.INTERNAL, "INTERNAL", "internal error", metadata={"request_id": request_id}
    )


def timed_out() -> ServiceError:
    """The service gave up just before the call's deadline."""
    return ServiceError(grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT", "the call's time is over")


def overloaded(limit: int) -> ServiceError:
    """Too many calls are under way."""
    return ServiceError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "OVERLOADED",
        f"{limit} calls are under way, which is the limit",
        retry_after_seconds=_RETRY_SECONDS,
    )


def slow_consumer(seconds: float) -> ServiceError:
    """The caller did not read its stream in time."""
    return ServiceError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "SLOW_CONSUMER",
        f"nothing was read for {seconds:g} seconds; resume with the last token",
        retry_after_seconds=_RETRY_SECONDS,
    )


def shutting_down() -> ServiceError:
    """This process is draining."""
    return ServiceError(
        grpc.StatusCode.UNAVAILABLE,
        "SHUTTING_DOWN",
        "this process is shutting down",
        retry_after_seconds=_RETRY_ELSEWHERE_SECONDS,
    )
