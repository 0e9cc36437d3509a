"""One of the three processes: launched, ready when it says so, drained, or found dead."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack import launcher, processes
from local_stack.errors import StackError
from local_stack.private_files import write_private

_READY = "ready on "
_LOG_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Which module runs, with what in its environment, and where its lines go."""

    module: str
    environment: Mapping[str, str]
    log: Path
    # After SIGTERM the process drains by itself; this is when it is ended for good.
    stop_seconds: float


class ServiceProcess:
    """Restartable; its output goes to a log file, because a pipe would tie it to the supervisor."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._ready_line: str | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def ready_line(self) -> str | None:
        """The line by which this run said that it serves, None before."""
        if self._ready_line is None:
            said = self._said().splitlines()
            self._ready_line = next(
                (line for line in said if line.startswith("diptych ") and _READY in line), None
            )
        return self._ready_line

    @property
    def address(self) -> str | None:
        """Where this run serves, None before it is ready; the real port when port 0 was asked for."""
        return self.ready_line.partition(_READY)[2].strip() if self.ready_line else None

    def launch(self) -> None:
        """Start the process without waiting."""
        log = self.settings.log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._ready_line = None
        self._process = launcher.start(
            [sys.executable, *_mark(log), "-m", self.settings.module],
            account=launcher.CURRENT_ACCOUNT,
            log=log,
            death_signal=signal.SIGTERM,
            environment=self.settings.environment,
        )
        write_private(_pidfile(log), f"{self._process.pid}\n")

    def stop_leftover(self) -> None:
        """Let the process of a supervisor that was killed finish its drain: it still holds its address."""
        try:
            recorded = int(_pidfile(self.settings.log).read_text(encoding="ascii").strip())
        except (FileNotFoundError, ValueError):
            return
        marks = (" ".join(_mark(self.settings.log)), self.settings.module)
        pid = processes.left_behind(recorded, *marks)
        if pid is None or processes.stop_process(pid, signal.SIGTERM, self.settings.stop_seconds):
            return
        processes.stop_process(pid, signal.SIGKILL, self.settings.stop_seconds)

    def wait_ready(self, timeout_seconds: float = 60.0) -> str:
        """Return the ready line when it was said. Raises StackError."""
        processes.wait_until(lambda: self.pid is None or self.ready_line is not None, timeout_seconds)
        ready_line = self.ready_line
        if self.pid is None or ready_line is None:
            log = self.settings.log
            raise StackError(f"{self.settings.module} did not start: {self.last_line()} (log: {log})")
        return ready_line

    def end(self) -> str:
        """How the process ended, in words."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return "is not there"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def ask_to_stop(self) -> None:
        """Tell it to drain; the wait is another step, so that several can drain at once."""
        if self.pid is not None and self._process is not None:
            self._process.terminate()

    def wait_stopped(self) -> None:
        """Wait for the drain, and end what does not end."""
        if self._process is None:
            return
        try:
            self._process.wait(self.settings.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        _pidfile(self.settings.log).unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def last_line(self) -> str:
        """The last line of this run, for a message."""
        lines = [line for line in self._said().splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"

    def keep_log_small(self) -> None:
        """Copy a long log aside and go on at its beginning: the process keeps its file open."""
        log = self.settings.log
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
            self._log_start = 0

    def _said(self) -> str:
        try:
            with self.settings.log.open("rb") as file:
                file.seek(self._log_start)
                return file.read(1_000_000).decode(errors="replace")
        except FileNotFoundError:
            return ""


def _pidfile(log: Path) -> Path:
    return log.with_suffix(".pid")


def _mark(log: Path) -> tuple[str, str]:
    """An option without effect, by which the process is known from one of another data directory."""
    return "-X", f"diptych={log}"
