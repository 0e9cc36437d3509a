"""Disks that are full for a while: small ones in memory, which only a privileged run can have."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.arena import Arena
from tests.faults.steps import Fault, Kind, Step

# Room for what the servers make at their start and in some minutes of load.
_BYTES = {"postgres": 1_500_000_000, "valkey": 300_000_000}


@contextmanager
def small_disks(directory: Path) -> Iterator[None]:
    """Within the block each store has a disk of its own; to be entered before an arena is made there."""
    mounted: list[Path] = []
    try:
        for name, size in _BYTES.items():
            place = disk_of(directory, name)
            place.mkdir(mode=0o700, parents=True)
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", place], check=True
            )
            mounted.append(place)
        yield
    finally:
        for place in mounted:
            subprocess.run(["umount", "--lazy", place], check=True)


def disk_of(directory: Path, store: str) -> Path:
    """Where a store of an arena keeps everything."""
    return directory / "stack" / store


def full(name: str) -> Fault:
    """Not a page is left, or a few; once there is room again, everything goes on."""

    @contextmanager
    def filled(arena: Arena, step: Step) -> Iterator[str]:
        place = disk_of(arena.directory, name)
        if not place.is_mount():
            raise RuntimeError("a run with this fault needs --small-disks")
        left = step.chance.choice((0, 0, 40_000, 400_000))
        ballast = place / "ballast"
        try:
            _fill(ballast, left)
            yield f"{left} bytes left"
        finally:
            ballast.unlink()
        if not arena.runs(name):
            # Postgres gives up when it can't write ahead; nothing that it promised may be lost by that.
            arena.stack.start_part(name)

    return filled


def _fill(ballast: Path, left: int) -> None:
    block = bytes(1 << 20)
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        # A write may be cut short at the very end, and the next one is then refused.
        while file.write(block):
            pass
    os.truncate(ballast, ballast.stat().st_size - left)


KINDS = {
    "disk.postgres": Kind(fault=full("postgres"), shortest_seconds=0.5, longest_seconds=4.0),
    "disk.valkey": Kind(fault=full("valkey"), shortest_seconds=0.5, longest_seconds=4.0),
}
