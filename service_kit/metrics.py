"""Counts and durations of calls for Prometheus, and their page over HTTP."""

import os
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from threading import Lock

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, start_http_server
from prometheus_client.registry import REGISTRY

from service_kit.errors import StartRefused
from service_kit.log import logger

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OK = grpc.StatusCode.OK


class CallMetrics:
    """rpc_server_calls_total by method and code, rpc_server_call_seconds by method.

    Calls are counted in plain numbers, by one thread alone; what was added since is handed over when the
    metrics are looked at and by whoever calls `hand_over`. Where several processes gather theirs in files,
    each count by itself would ask for locks and for the process's number.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        # Before the two others, so that they are asked after it.
        registry.register(_Handing(self))
        self._calls = Counter("rpc_server_calls", "Calls that ended.", ("method", "code"), registry=registry)
        self._seconds = Histogram(
            "rpc_server_call_seconds",
            "Seconds from a call's first byte to its status.",
            ("method",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._counts: list[_Counts] = []
        # A status code's hash is a function of Python; nearly all calls do without.
        self._answered: dict[str, _Counts] = {}
        self._refused: dict[tuple[str, grpc.StatusCode], _Counts] = {}
        self._handing = Lock()

    def ended(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        """Count one call."""
        counts = self._answered.get(method) if code is _OK else self._refused.get((method, code))
        if counts is None:
            counts = self._begun(method, code)
        counts.calls[bisect_left(_BUCKETS, seconds)] += 1
        counts.seconds += seconds

    def hand_over(self) -> None:
        """Let what was counted so far be seen; from any thread."""
        with self._handing:
            for counts in tuple(self._counts):
                counts.hand_over()

    def _begun(self, method: str, code: grpc.StatusCode) -> "_Counts":
        counts = _Counts(self._calls.labels(method, code.name), self._seconds.labels(method))
        if code is _OK:
            self._answered[method] = counts
        else:
            self._refused[(method, code)] = counts
        self._counts.append(counts)
        return counts


class _Counts:
    """What one method answered with one code: calls by bucket and their seconds, which only grow."""

    __slots__ = ("_counter", "_handed_calls", "_handed_seconds", "_histogram", "calls", "seconds")

    def __init__(self, counter: Counter, histogram: Histogram) -> None:
        self.calls = [0] * (len(_BUCKETS) + 1)
        self.seconds = 0.0
        self._handed_calls = list(self.calls)
        self._handed_seconds = 0.0
        self._counter = counter
        self._histogram = histogram

    def hand_over(self) -> None:
        calls, seconds = list(self.calls), self.seconds
        if calls == self._handed_calls and seconds == self._handed_seconds:
            return
        added = [now - before for now, before in zip(calls, self._handed_calls, strict=True)]
        self._counter.inc(sum(added))
        # What the library offers is one observation at a time.
        for bucket, count in zip(self._histogram._buckets, added, strict=True):  # noqa: SLF001 - pinned
            if count:
                bucket.inc(count)
        self._histogram._sum.inc(seconds - self._handed_seconds)  # noqa: SLF001 - pinned
        self._handed_calls, self._handed_seconds = calls, seconds


class _Handing:
    """Has no metrics of its own: it is what a registry asks before the ones that are handed over."""

    def __init__(self, metrics: CallMetrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        self._metrics.hand_over()
        return ()


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
