"""Logging as JSON lines on stderr: ids, codes and counts, never the content of a message."""

import logging
import sys
import traceback
from typing import Any, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logging(level: str = "info") -> None:
    """Send this process's lines, and those of libraries from WARNING on, to stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[_drop_exception_text, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("grpc._cython.cygrpc").addFilter(_is_without_content)


def _is_without_content(record: logging.LogRecord) -> bool:
    # gRPC quotes metadata that is not UTF-8, for each call that has any.
    return not str(record.msg).startswith("Invalid encoding on")


def logger() -> FilteringBoundLogger:
    """Answer the process's logger; events are short nouns, fields carry the rest."""
    return cast("FilteringBoundLogger", structlog.get_logger())


def where_from(error: BaseException) -> dict[str, Any]:
    """Answer an error's type, causes and frames without its text, which may hold a caller's data."""
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 5:
        causes.append(_type_name(cause))
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error": _type_name(error),
        "causes": causes,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _type_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _drop_exception_text(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event.pop("_from_structlog", None)
    record = event.pop("_record", None)
    event.pop("exc_info", None)
    if record is not None and record.exc_info and record.exc_info[1] is not None:
        event.update(where_from(record.exc_info[1]))
    return event
