"""The read side of families under test: a log by hand, the real folding and store, a served read service."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from google.protobuf.message import Message

from projector.families import FAMILIES
from tests.family_events import family_stream_of
from tests.order_events import WrittenLog
from tests.services.order_read_models import ReadModels, pages_of, read_channel, read_models
from tests.valkey_server import TestValkey


def family_models(valkey: TestValkey) -> AbstractAsyncContextManager[ReadModels]:
    """An empty generation of the read models of families, of a log of its own."""
    return read_models(valkey, FAMILIES, WrittenLog(family_stream_of))


@asynccontextmanager
async def family_service(valkey: TestValkey, **settings: Any) -> AsyncIterator[Any]:
    """A served read service, by a stub to call it with."""
    async with read_channel(valkey, **settings) as channel:
        yield FamilyQueryServiceStub(channel)


async def family_ids(stub: Any, request: Message) -> list[str]:
    """The ids of all families of a list, in its order."""
    return [family.family_id for page in await pages_of(stub, request) for family in page.families]


async def next_family_tokens(channel: grpc.aio.Channel) -> list[str]:
    """Page tokens of lists as they are in the middle."""
    stub = FamilyQueryServiceStub(channel)
    requests = (
        queries.ListFamiliesRequest(page_size=1, limit=1),
        queries.ListAtRiskFamiliesRequest(min_risk_score=0, page_size=1, limit=1),
    )
    tokens = [page.next_page_token for request in requests for page in await pages_of(stub, request)]
    found = await stub.SearchFamilies(queries.SearchFamiliesRequest(term="a", limit=1))
    return [*tokens, found.next_page_token]
