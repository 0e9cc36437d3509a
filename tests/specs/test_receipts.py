"""A receipt that is put together by hand is the one that the library would make."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from diptych.command.v1.command_pb2 import CommandReceipt
from diptych.orders.v1.order_command_service_pb2 import ReceiveStockResponse

from event_store import StoredCommand
from service_kit.consistency_token import ConsistencyPoint, seal_point
from write_service.receipts import Receipts
from write_service.timestamps import timestamp

_KEY = b"k" * 32


def _stored(*, stream: str, version: int, position: int, recorded_at: datetime) -> StoredCommand:
    return StoredCommand(
        command_id=UUID(int=1),
        fingerprint=b"",
        response=ReceiveStockResponse(sku="cup", available=3).SerializeToString(),
        stream=stream,
        version=version,
        position=position,
        recorded_at=recorded_at,
        epoch=UUID(int=2),
    )


@pytest.mark.parametrize("replayed", [False, True])
@pytest.mark.parametrize(
    "stored",
    [
        _stored(stream="product-cup", version=1, position=1, recorded_at=datetime(2026, 1, 1, tzinfo=UTC)),
        _stored(
            stream=f"product-{'tässä' * 40}",
            version=2**31 - 1,
            position=2**62,
            recorded_at=datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        ),
        _stored(
            stream="product-cup", version=127, position=128, recorded_at=datetime(1970, 1, 1, tzinfo=UTC)
        ),
    ],
)
def test_the_receipt_is_the_one_that_the_library_makes(stored: StoredCommand, replayed: bool) -> None:
    answer = Receipts(_KEY).answer(stored, replayed=replayed)
    expected = CommandReceipt(
        stream=stored.stream,
        version=stored.version,
        position=stored.position,
        recorded_at=timestamp(stored.recorded_at),
        replayed=replayed,
    )
    point = ConsistencyPoint(stored.epoch, stored.position, stored.stream, stored.version)
    expected.token.token = seal_point(point, _KEY)
    response = ReceiveStockResponse.FromString(answer)
    assert response.receipt == expected
    assert (response.sku, response.available) == ("cup", 3)
    assert expected.SerializeToString() in answer
