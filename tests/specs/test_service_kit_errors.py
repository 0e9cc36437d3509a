"""Refusals as google.rpc.Status, and requests that break rules."""

import grpc
import pytest
from diptych.orders.v1 import order_command_service_pb2 as orders_pb2
from google.rpc import error_details_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.errors import (
    MAX_STATUS_BYTES,
    ErrorTable,
    FieldViolation,
    Precondition,
    ServiceError,
    failure_trailers,
    to_status,
)
from service_kit.methods import snake_case
from service_kit.requests import check, parse
from service_kit.validation import build_rules, violations_of


def test_a_status_stays_within_4_kib_whatever_it_is_made_of() -> None:
    huge = "\N{SNOWMAN}\ud800" * 10_000
    error = ServiceError(
        grpc.StatusCode.FAILED_PRECONDITION,
        "INSUFFICIENT_INVENTORY",
        huge,
        metadata={f"key_{number}": huge for number in range(50)},
        violations=[FieldViolation(field=huge, description=huge, reason="HUGE" * 50)] * 100,
        preconditions=[Precondition(type=huge, subject=huge, description=huge)] * 100,
        retry_after_seconds=1.5,
    )
    status = to_status(error)
    assert status.ByteSize() <= MAX_STATUS_BYTES
    names = [each.type_url.rpartition(".")[2] for each in status.details]
    assert names[0] == "ErrorInfo"
    assert names[-1] == "RetryInfo"


def test_twenty_violations_are_told_at_most() -> None:
    violations = [FieldViolation(field=f"items[{number}]", description="is wrong") for number in range(50)]
    error = ServiceError(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "no", violations=violations)
    told = error_details_pb2.BadRequest()
    to_status(error).details[1].Unpack(told)
    assert [each.field for each in told.field_violations] == [f"items[{number}]" for number in range(20)]


def test_a_retry_is_also_told_as_pushback() -> None:
    error = ServiceError(grpc.StatusCode.UNAVAILABLE, "LOG_UNAVAILABLE", "no", retry_after_seconds=0.25)
    assert dict(failure_trailers(error))["grpc-retry-pushback-ms"] == "250"


def test_the_nearest_ancestor_of_an_exception_decides() -> None:
    def row(reason: str) -> ServiceError:
        return ServiceError(grpc.StatusCode.NOT_FOUND, reason, "not found")

    table = ErrorTable({LookupError: lambda _: row("LOOKUP"), KeyError: lambda _: row("KEY")})
    assert [
        getattr(table.describe(each), "reason", None) for each in (KeyError(), IndexError(), OSError())
    ] == [
        "KEY",
        "LOOKUP",
        None,
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("PlaceOrder", "place_order"), ("ReadAll", "read_all"), ("GetHTTPStatus", "get_http_status")],
)
def test_a_handler_is_named_after_its_rpc(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_rules_of_every_request_can_be_built() -> None:
    build_rules([orders_pb2.PlaceOrderRequest, orders_pb2.ExecuteBatchRequest])


def test_a_violation_names_the_field_by_its_path_from_the_request() -> None:
    item = orders_pb2.OrderItemRequest(sku="not a sku!", quantity=1)
    batch = orders_pb2.ExecuteBatchRequest(place_order=orders_pb2.PlaceOrderRequest(items=[item]))
    assert "place_order.items[0].sku" in [each.field for each in violations_of(batch)]


def test_many_violations_are_cut_to_twenty() -> None:
    request = orders_pb2.PlaceOrderRequest(items=[orders_pb2.OrderItemRequest() for _ in range(100)])
    assert len(violations_of(request)) == 20


def test_unknown_fields_are_named_at_every_depth() -> None:
    request = orders_pb2.PlaceOrderRequest(items=[orders_pb2.OrderItemRequest(sku="mug", quantity=1)])
    request.items[0].MergeFromString(b"\xf8\x3f\x01")
    request.MergeFromString(b"\xf0\x3f\x01")
    with pytest.raises(ServiceError) as refused:
        check(request, refuses_unknown_fields=True)
    assert [each.field for each in refused.value.violations] == ["1022", "items[0].1023"]


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(ServiceError, match=r"not a diptych\.orders\.v1\.PlaceOrderRequest"):
        parse(orders_pb2.PlaceOrderRequest, b"\x0a\xff")
