"""What a reader tells the projector: that it came upon damage, which only the projector can mend."""

import asyncio
import contextlib
import json

from read_store.connection import Connection
from read_store.errors import ReadModelDamaged, ReadStoreUnavailable
from read_store.keys import partition_root

REPORT_PREFIX = b"damaged "
# A damaged place may be asked for a thousand times a second; the projector needs to hear of it once.
_SILENCE_SECONDS = 0.2


class Reports:
    """Publishes damage on the one channel that a reader may publish on."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[str, float] = {}

    def send(self, projection: str, damage: ReadModelDamaged) -> None:
        """Tells of the damage, unless this projection's last report is a moment ago; it may get lost."""
        now = asyncio.get_running_loop().time()
        if now - self._last.get(projection, 0.0) < _SILENCE_SECONDS:
            return
        self._last[projection] = now
        content = REPORT_PREFIX + json.dumps(damage.place).encode()
        with contextlib.suppress(ReadStoreUnavailable):
            self._connection.send("PUBLISH", f"{partition_root(projection)}ask", content)


def reported_place(content: bytes) -> tuple[str, ...] | None:
    """The place in a report, None for one that can't be read."""
    try:
        place = json.loads(content[len(REPORT_PREFIX) :])
    except ValueError:
        return None
    return tuple(map(str, place)) if isinstance(place, list) else None
