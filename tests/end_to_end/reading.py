"""Waiting for the read side to have all that was written."""

import time

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.orders.v1 import order_query_service_pb2 as order_queries
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub
from google.protobuf.duration_pb2 import Duration


def wait_until_read(read_address: str, token: ConsistencyToken, *, seconds: float) -> None:
    """Return when both domains' read models include the token; the last refusal is raised after so many
    seconds."""
    deadline = time.monotonic() + seconds
    fresh = Consistency(at_least_as_fresh=token, max_wait=Duration(seconds=10))
    with grpc.insecure_channel(read_address) as channel:
        while True:
            try:
                OrderQueryServiceStub(channel).GetSalesReport(
                    order_queries.GetSalesReportRequest(consistency=fresh)
                )
                FamilyQueryServiceStub(channel).GetFamiliesByRiskTier(
                    family_queries.GetFamiliesByRiskTierRequest(consistency=fresh)
                )
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
            else:
                return
