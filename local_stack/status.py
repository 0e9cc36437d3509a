"""What the stack is doing, in one line: commands, events, lag."""

from dataclasses import dataclass

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc

from service_kit.channels import open_channel

_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """The state of the read side: events in the log, how many are not folded yet, what is not running."""

    events: int
    lag_events: int
    lag_seconds: float
    troubles: tuple[str, ...]

    def __str__(self) -> str:
        lag = f"{self.lag_events:,} events, {self.lag_seconds:.1f} s" if self.lag_events else "0"
        return " · ".join((f"{self.events:,} events", f"lag {lag}", *self.troubles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`commands` were answered since this start; `projections` is None while the projector is silent."""

    commands: int
    projections: Projections | None

    def __str__(self) -> str:
        return f"{self.commands:,} commands · {self.projections or 'the projector does not answer'}"


class ProjectorClient:
    """Asks the projector; it answers within a second or counts as silent."""

    def __init__(self, address: str) -> None:
        self._channel = open_channel(address)
        self._projector = admin_grpc.ProjectionAdminServiceStub(self._channel)

    def projections(self) -> Projections | None:
        """The state of all projections together, None while the projector does not answer."""
        try:
            answer = self._projector.ListProjections(admin.ListProjectionsRequest(), timeout=_TIMEOUT_SECONDS)
        except grpc.RpcError:
            return None
        rows = answer.projections
        return Projections(
            events=max((row.checkpoint + row.lag_events for row in rows), default=0),
            lag_events=max((row.lag_events for row in rows), default=0),
            lag_seconds=max((row.lag_time.ToNanoseconds() / 1e9 for row in rows), default=0.0),
            troubles=tuple(_trouble(row) for row in rows if row.status != admin.PROJECTION_STATUS_RUNNING),
        )

    def close(self) -> None:
        """Give the connection back."""
        self._channel.close()


def _trouble(row: admin.Projection) -> str:
    name = admin.ProjectionStatus.Name(row.status).removeprefix("PROJECTION_STATUS_").lower()
    return f"{row.name} {name}"
