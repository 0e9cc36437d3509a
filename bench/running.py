"""A stack of its own for a measurement: `diptych run` on free ports, with data that is thrown away."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the three processes of the stack listen."""

    write: str
    read: str
    projector: str


@contextmanager
def running_stack() -> Iterator[Addresses]:
    """A stack from start to orderly end. Raises RuntimeError when it does not come up."""
    directory = Path(tempfile.mkdtemp(prefix="diptych-bench-"))
    write, read, projector = _free_addresses(3)
    environment = {
        **os.environ,
        "DIPTYCH_DATA_DIR": str(directory),
        "DIPTYCH_WRITE_ADDRESS": write,
        "DIPTYCH_READ_ADDRESS": read,
        "DIPTYCH_PROJECTOR_ADDRESS": projector,
        "DIPTYCH_METRICS_ADDRESS": _free_addresses(1)[0],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "command_line.app", "run"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_ready(process)
        yield Addresses(write=write, read=read, projector=projector)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_until_ready(process: "subprocess.Popen[str]") -> None:
    lines, is_ready = [], threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "grpcurl" in line:
                is_ready.set()
        is_ready.set()

    threading.Thread(target=read, daemon=True).start()
    if not is_ready.wait(_START_SECONDS) or process.poll() is not None:
        raise RuntimeError("the stack did not start:\n" + "".join(lines))


def _free_addresses(count: int) -> list[str]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
