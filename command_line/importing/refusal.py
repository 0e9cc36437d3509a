"""Reads the reason out of a refused command's answer."""

from google.rpc import code_pb2, error_details_pb2, status_pb2  # type: ignore[import-untyped] # ships no types


def reason_of(status: status_pb2.Status) -> str:
    """The reason of the status' ErrorInfo; the name of its code where it has none."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return str(info.reason)
    known = status.code in code_pb2.Code.values()
    return str(code_pb2.Code.Name(status.code)) if known else f"CODE_{status.code}"
