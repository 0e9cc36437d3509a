"""The peers as running programs, each over an empty database of its own."""

import shutil
from contextlib import AbstractContextManager

from psycopg.conninfo import conninfo_to_dict

from bench.peers.environment import Peers
from bench.programs import ROOT, Asked, asking, serving


def plain_grpc(peers: Peers, url: str) -> AbstractContextManager[str]:
    """grpc.aio over psycopg and tables, one process."""
    command = [str(peers.python), "-m", "bench.peers.plain_grpc"]
    return serving(command, {**peers.environment(), "PLAIN_DATABASE_URL": url})


def plain_http(peers: Peers, url: str) -> AbstractContextManager[str]:
    """FastAPI over SQLAlchemy and tables, one process."""
    command = [str(peers.python), "-m", "bench.peers.plain_http"]
    return serving(command, {**peers.environment(), "PLAIN_DATABASE_URL": url})


def eventsourcing(peers: Peers, url: str) -> AbstractContextManager[Asked]:
    """The library eventsourcing in one process of threads."""
    place = conninfo_to_dict(url)
    settings = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(place["dbname"]),
        "POSTGRES_HOST": str(place["host"]),
        "POSTGRES_PORT": str(place["port"]),
        "POSTGRES_USER": str(place["user"]),
        "POSTGRES_PASSWORD": str(place["password"]),
    }
    command = [str(peers.python), "-m", "bench.peers.eventsourcing_program"]
    return asking(command, {**peers.environment(), **settings})


def emmett(peers: Peers, url: str) -> AbstractContextManager[Asked]:
    """Emmett in one process of Node."""
    node = shutil.which("node")
    assert node is not None
    assert peers.node_modules is not None
    place = conninfo_to_dict(url)
    # Its driver knows no address without a host, but takes a socket's directory as one in the query.
    known = f"postgresql://{place['user']}:{place['password']}@localhost:{place['port']}/{place['dbname']}"
    settings = {
        "EMMETT_MODULES": str(peers.node_modules),
        "EMMETT_DATABASE_URL": f"{known}?host={place['host']}",
    }
    return asking([node, str(ROOT / "bench" / "peers" / "emmett_program.mjs")], settings)
