"""What each process may know: the read service never learns where the log is."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("write_service", "projector", "read_service")

# Addresses and keys reach a process only when the table below gives them to it.
_WITHHELD = ("DIPTYCH_DATABASE_URL", "DIPTYCH_REDIS_URL", "DIPTYCH_TOKEN_KEY", "PG")
# The processes have another working directory than the one that a relative path was written for.
_PATHS = "DIPTYCH_TLS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """The addresses of both stores, one for each role, with its password in it."""

    writer_database_url: str
    projector_database_url: str
    projector_redis_url: str
    reader_redis_url: str


def service_environments(
    backends: Backends, *, token_key: str, metrics_directory: str
) -> Mapping[str, Mapping[str, str]]:
    """The environment of each process, by the name of its module."""
    shared = {
        **{
            name: _absolute(name, value)
            for name, value in os.environ.items()
            if not name.startswith(_WITHHELD)
        },
        # The processes find the packages where this one found them.
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONUNBUFFERED": "1",
        "PROMETHEUS_MULTIPROC_DIR": metrics_directory,
        "DIPTYCH_TOKEN_KEY": token_key,
    }
    return {
        "write_service": {**shared, "DIPTYCH_DATABASE_URL": backends.writer_database_url},
        "projector": {
            **shared,
            "DIPTYCH_DATABASE_URL": backends.projector_database_url,
            "DIPTYCH_REDIS_URL": backends.projector_redis_url,
        },
        "read_service": {**shared, "DIPTYCH_REDIS_URL": backends.reader_redis_url},
    }


def _absolute(name: str, value: str) -> str:
    return str(Path(value).absolute()) if name.startswith(_PATHS) else value
