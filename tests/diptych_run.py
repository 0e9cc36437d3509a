"""`diptych run` as a process of its own, with what it says and the processes that it keeps."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from local_stack import processes
from tests.ports import free_ports

PARTS = ("postgres", "valkey", "write_service", "projector", "read_service")
_PIDFILES = {"postgres": "postgres/cluster/postmaster.pid", "valkey": "valkey/valkey.pid"}
_ADDRESSES = (
    "DIPTYCH_WRITE_ADDRESS",
    "DIPTYCH_READ_ADDRESS",
    "DIPTYCH_PROJECTOR_ADDRESS",
    "DIPTYCH_METRICS_ADDRESS",
)
# The one setting of the machine's own that reaches a test: with which engine all of them run.
_KEPT = ("DIPTYCH_GRPC_ENGINE",)
_DEADLINE_SECONDS = 120.0


class DiptychRun:
    """One supervisor over one data directory; start it again after its end to go on with the same data."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.settings = {
            "DIPTYCH_DATA_DIR": str(directory / "data"),
            **{name: f"127.0.0.1:{port}" for name, port in zip(_ADDRESSES, free_ports(4), strict=True)},
            **settings,
        }
        self._output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> "DiptychRun":
        """Start it and return at once."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or not name.startswith("DIPTYCH_")
        }
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "command_line.app", "run"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.directory,
                env={**kept, **self.settings, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        return self

    def start(self) -> "DiptychRun":
        """Start it and return when all services are ready."""
        self.launch()
        self.wait_for("Try it")
        return self

    @property
    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        found = processes.wait_until(lambda: text in self.said or not self.is_running, _DEADLINE_SECONDS)
        assert found, f"waited for {text!r}, it said: {self.said}"
        assert text in self.said, f"it ended without {text!r}: {self.said}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def pid(self, part: str) -> int | None:
        """The number of a part's process while it lives."""
        pidfile = self.directory / "data" / _PIDFILES.get(part, f"log/{part}.pid")
        try:
            pid = int(pidfile.read_text(encoding="utf-8").splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return pid if processes.is_alive(pid) else None

    def pids(self) -> dict[str, int | None]:
        return {part: self.pid(part) for part in PARTS}

    def is_back(self, part: str, old_pid: int, timeout_seconds: float = _DEADLINE_SECONDS) -> bool:
        """Whether another process does the part's work within the time."""
        return processes.wait_until(lambda: self.pid(part) not in {None, old_pid}, timeout_seconds)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def end(self) -> int:
        """Wait for the end and give the exit code."""
        assert self.process is not None
        return self.process.wait(_DEADLINE_SECONDS)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.end()


def free_address() -> str:
    """An address that was free a moment ago."""
    return f"127.0.0.1:{free_ports(1)[0]}"
