"""Whether grpc._cython.cygrpc, which is private, is what the engine on it was written for and tested with."""

from typing import Any

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined] # ships no types

TESTED_VERSION = "1.85.1"

_ATTRIBUTES = {
    "Server": (
        "add_http2_port",
        "cancel_all_calls",
        "register_completion_queue",
        "request_call",
        "shutdown",
        "start",
    ),
    "ServerCredentials": (),
    "CompletionQueue": ("poll", "shutdown"),
    "CompletionType": ("operation_complete", "queue_shutdown"),
    "Call": ("peer", "start_server_batch"),
    "CallDetails": ("deadline", "method"),
    "CallError": ("ok",),
    "RequestCallEvent": ("call", "call_details", "completion_type", "invocation_metadata", "success", "tag"),
    "BatchOperationEvent": ("batch_operations", "completion_type", "success", "tag"),
    "ReceiveCloseOnServerOperation": ("cancelled",),
    "ReceiveMessageOperation": ("message",),
    "SendInitialMetadataOperation": (),
    "SendMessageOperation": (),
    "SendStatusFromServerOperation": (),
}


def why_not() -> str | None:
    """None when the engine can stand on it, else the reason in a few words; takes 0.1 ms."""
    if grpc.__version__ != TESTED_VERSION:
        return f"it was tested with grpcio {TESTED_VERSION}, and this is {grpc.__version__}"
    missing = [
        f"{name}.{attribute}".rstrip(".")
        for name, attributes in _ATTRIBUTES.items()
        for attribute in ("", *attributes)
        if not _has(name, attribute)
    ]
    if missing:
        return f"grpc._cython.cygrpc lacks {', '.join(missing)}"
    try:
        return _try()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other engine serves
        return f"grpc._cython.cygrpc does not work as it did: {type(error).__name__}"


def _has(name: str, attribute: str) -> bool:
    found = getattr(cygrpc, name, None)
    return found is not None and (not attribute or hasattr(found, attribute))


def _try() -> str | None:
    """Make one of each, and see a queue to its end."""
    cygrpc.ReceiveCloseOnServerOperation(0)
    cygrpc.ReceiveMessageOperation(0)
    cygrpc.SendInitialMetadataOperation((), 0)
    cygrpc.SendMessageOperation(b"", 0)
    cygrpc.SendStatusFromServerOperation((), 0, b"", 0)
    queue = cygrpc.CompletionQueue()
    cygrpc.Server((), False).register_completion_queue(queue)
    nothing: Any = queue.poll(0.0)
    queue.shutdown()
    end: Any = queue.poll()
    if nothing.completion_type == cygrpc.CompletionType.operation_complete or cygrpc.CallError.ok != 0:
        return "grpc._cython.cygrpc numbers things in another way"
    if end.completion_type != cygrpc.CompletionType.queue_shutdown:
        return "grpc._cython.cygrpc ends its queue in another way"
    return None
