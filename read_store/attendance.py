"""Which projector processes take part in the work, so that each knows its share."""

from read_store.connection import Connection
from read_store.keys import attendance_root
from read_store.library import LIBRARY, load_library


class Attendance:
    """The processes that share out partitions among them; those of another split are another group."""

    def __init__(self, url: str, partitions: int) -> None:
        self._root = attendance_root(partitions)
        self._connection = Connection(url, on_connect=lambda: load_library(self._connection))

    async def open(self) -> None:
        """Connects; a store that is away is tried again until close."""
        await self._connection.open()

    async def close(self) -> None:
        """Disconnects; the process is taken for gone when its time is over."""
        await self._connection.close()

    async def attend(self, member: str, seconds: float) -> list[str]:
        """Takes part for that long, 0 to leave now; answers the names of all that do, in order.

        Raises ReadStoreUnavailable.
        """
        name = LIBRARY.function("attend")
        members = await self._connection.call(
            "FCALL", name, 1, self._root, member, round(seconds * 1_000_000)
        )
        return sorted(each.decode() for each in members)
