"""Shows how an import gets on: bars on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ProgressView(Protocol):
    """Told of each phase and of each answer in it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def begin(self, name: str, size: int, unit: str = "commands") -> None:
        """A phase of so many commands, or of what else the unit says, begins."""

    def advance(self) -> None:
        """One more of them was answered."""

    def end(self) -> None:
        """The phase is over."""


def progress_view(console: Console) -> ProgressView:
    """A bar on a terminal, a line a phase there and elsewhere."""
    return _Bar(console) if console.is_terminal else PlainLines(console)


class PlainLines:
    """A line at the end of each phase, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name, self._unit, self._count, self._since = "", "", 0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def begin(self, name: str, size: int, unit: str = "commands") -> None:  # noqa: ARG002 - a bar needs it
        """A phase begins."""
        self._name, self._unit, self._count, self._since = name, unit, 0, time.monotonic()

    def advance(self) -> None:
        """One more was answered."""
        self._count += 1

    def end(self) -> None:
        """Print the phase's line."""
        seconds = time.monotonic() - self._since
        self._console.print(f"{self._name}: {self._count:,} {self._unit} in {seconds:.1f} s", highlight=False)


class _Bar(PlainLines):
    """A bar for the phase under way; a finished one becomes a line above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, name: str, size: int, unit: str = "commands") -> None:
        super().begin(name, size, unit)
        self._task = self._progress.add_task(f"{name} ({unit})", total=size)

    def advance(self) -> None:
        super().advance()
        self._progress.advance(self._task)

    def end(self) -> None:
        self._progress.remove_task(self._task)
        super().end()
