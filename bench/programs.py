"""Programs that a measurement starts: each says on one line where it serves, and ends when it is told to."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_STOP_SECONDS = 20


class ProgramFailed(Exception):
    """A program ended before it was ready, or answered with an error."""


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a program that serves within the `with`; its line is `ready <address>`."""
    with _started(command, environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise ProgramFailed(f"{' '.join(command)} did not start: {line}")
        yield line.removeprefix("ready ").strip()


class Asked:
    """A program that answers a line of JSON with a line of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **request: Any) -> dict[str, float]:
        """What the program answers. Raises ProgramFailed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ProgramFailed(f"no answer to {request}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ProgramFailed(str(answer["error"]))
        return answer


@contextmanager
def asking(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Asked]:
    """A program that runs within the `with` and answers there."""
    with _started(command, environment) as process:
        yield Asked(process)


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
