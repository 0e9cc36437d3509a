"""Counts and durations of calls for Prometheus, and their page over HTTP."""

import os
from functools import cache

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.registry import REGISTRY

from service_kit.errors import StartRefused
from service_kit.log import logger

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class CallMetrics:
    """rpc_server_calls_total by method and code, rpc_server_call_seconds by method."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._calls = Counter("rpc_server_calls", "Calls that ended.", ("method", "code"), registry=registry)
        self._seconds = Histogram(
            "rpc_server_call_seconds",
            "Seconds from a call's first byte to its status.",
            ("method",),
            buckets=_BUCKETS,
            registry=registry,
        )
        # Looking a child up by labels takes a lock and a tuple each time; one call needs two.
        self._children: dict[tuple[str, grpc.StatusCode], tuple[Counter, Histogram]] = {}

    def ended(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        """Count one call."""
        children = self._children.get((method, code))
        if children is None:
            children = (self._calls.labels(method, code.name), self._seconds.labels(method))
            self._children[(method, code)] = children
        children[0].inc()
        children[1].observe(seconds)


@cache
def process_metrics() -> CallMetrics:
    """Answer the one set of counters of this process."""
    return CallMetrics()


def serve_metrics(address: str) -> None:
    """Serve /metrics over HTTP on this address, unless a supervisor gathers the metrics of all processes."""
    if not address or "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        return
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise StartRefused(f"DIPTYCH_METRICS_ADDRESS is not host:port: {address}")
    try:
        start_http_server(int(port), addr=host.strip("[]"))
    except OSError as error:
        # Three processes started by hand share the default address, and calls matter more than counts.
        logger().warning("metrics_not_served", address=address, error=error.strerror)
