"""Clocks that can be stepped while they run: of the log, of the read models' store, of our own processes."""

import os
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from tests.faults.sabotage.cuts import Cut
from tests.faults.sabotage.guards import Guard

# Names the file with the step of processes; the log's is in a table, the store's in a key.
FILE = "STEPPED_CLOCK"
KEY = "diptych:clock_step"
_TABLE = """CREATE TABLE IF NOT EXISTS event_log.clock_step (seconds integer NOT NULL);
GRANT SELECT ON event_log.clock_step TO diptych_owner;
"""
_HERE = f"__import__({__name__!r}, fromlist=['now'])"
_APPEND = "CREATE OR REPLACE FUNCTION event_log.append("

# No guard but the time: the product with clocks that can be stepped.
CLOCK = Guard(
    name="clock",
    sabotage="each clock is moved by a step that can change while it runs",
    processes=("write_service", "projector", "read_service"),
    cuts=(
        Cut(language="sql", place="append", before=_APPEND, after=f"{_TABLE}{_APPEND}"),
        Cut(
            language="sql",
            place="append",
            before="clock_timestamp())",
            after="clock_timestamp() + make_interval(secs =>"
            " coalesce((SELECT c.seconds FROM event_log.clock_step AS c), 0)))",
        ),
        Cut(
            language="lua",
            place="redis_now",
            before="local time = redis.call('TIME')",
            after="local time = redis.call('TIME')\n"
            f"  time[1] = tonumber(time[1]) + tonumber(redis.call('GET', '{KEY}') or '0')",
        ),
        Cut(
            language="python",
            place="write_service.execution:_now",
            before="time.time_ns()",
            after=f"{_HERE}.time_ns()",
        ),
        Cut(
            language="python",
            place="write_service.ids:new_id",
            before="time.time_ns()",
            after=f"{_HERE}.time_ns()",
        ),
        Cut(
            language="python",
            place="read_service.dates:today_utc",
            before="datetime.now(UTC)",
            after=f"{_HERE}.now(UTC)",
        ),
    ),
)


def time_ns() -> int:
    """As time.time_ns, on the moved clock."""
    return time.time_ns() + _step_seconds() * 1_000_000_000


def now(zone: tzinfo) -> datetime:
    """As datetime.now, on the moved clock."""
    return datetime.now(zone) + timedelta(seconds=_step_seconds())


def _step_seconds() -> int:
    try:
        return int(Path(os.environ[FILE]).read_text(encoding="ascii") or "0")
    except FileNotFoundError:
        return 0
