"""Bad input of every kind: a declared answer each time, and never a defect."""

import random

from diptych.orders.v1 import order_query_service_pb2 as queries

from tests.order_histories import CUSTOMERS, SKUS, History
from tests.services.fuzz_calls import fuzz_service
from tests.services.order_read_models import next_tokens, read_channel, read_models
from tests.valkey_server import TestValkey

SERVICE = queries.DESCRIPTOR.services_by_name["OrderQueryService"]


async def test_every_request_is_answered_as_declared(valkey: TestValkey) -> None:
    history = History(random.Random(3))  # noqa: S311 - a test's dice
    async with read_models(valkey) as models, read_channel(valkey, heartbeat_seconds=0.05) as channel:
        models.append(*history.beginning())
        for messages in history.steps(200):
            models.append(*messages)
        await models.catch_up()
        known = {
            "order_id": list(history.orders),
            "customer_id": list(CUSTOMERS),
            "sku": list(SKUS),
            "term": ["a", "smith", "example"],
            "page_token": ["", *await next_tokens(channel)],
            "token": [models.token(1), models.token(models.position), models.token(10**6)],
        }
        report = await fuzz_service(
            channel, SERVICE, requests_per_method=120, known=known, timeout_seconds=1.0
        )
    assert report.defects == []
    answered = {code for _, code in report.answers}
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND"} <= answered, report.answers
