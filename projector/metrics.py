"""Counts of the projector for Prometheus."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.registry import REGISTRY


class ProjectionMetrics:
    """projection_events_total, projection_position, projection_lag_events, …, by projection."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._events = Counter(
            "projection_events", "Events folded and applied.", ("projection",), registry=registry
        )
        self._position = Gauge(
            "projection_position", "Position of the checkpoint.", ("projection",), registry=registry
        )
        self._lag = Gauge(
            "projection_lag_events", "Positions not applied yet.", ("projection",), registry=registry
        )
        self._failures = Counter(
            "projection_failures", "Times that work broke off.", ("projection",), registry=registry
        )
        self._scrubs = Counter(
            "projection_scrubs",
            "Times that all of a read model was looked at for damage.",
            ("projection",),
            registry=registry,
        )

    def applied(self, projection: str, events: int) -> None:
        """Counts the events of one batch."""
        self._events.labels(projection).inc(events)

    def seen(self, projection: str, position: int, head: int) -> None:
        """Takes note of where the projection and the log stand."""
        self._position.labels(projection).set(position)
        self._lag.labels(projection).set(max(0, head - position))

    def scrubbed(self, projection: str) -> None:
        """Counts one whole look at a read model."""
        self._scrubs.labels(projection).inc()

    def failed(self, projection: str) -> None:
        """Counts one failure."""
        self._failures.labels(projection).inc()


@cache
def process_metrics() -> ProjectionMetrics:
    """The one set of counters of this process."""
    return ProjectionMetrics()
