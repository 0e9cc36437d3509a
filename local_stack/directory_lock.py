"""One supervisor a data directory: a lock that ends with its process, however that ends."""

import fcntl
import os
from pathlib import Path

from local_stack.errors import StackError


class DirectoryLock:
    """Held from construction until release or the end of the process."""

    def __init__(self, data_directory: Path) -> None:
        self._file = (data_directory / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise StackError(f"process {holder} already runs on {data_directory}: stop it first") from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next supervisor in."""
        self._file.close()
