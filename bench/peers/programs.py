"""The peers as running programs; None stands for one that could not be installed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

from bench.peers.environment import Peers
from bench.programs import ROOT, Asked, asking, serving


@contextmanager
def plain_grpc(peers: Peers, url: str) -> Iterator[str | None]:
    """The address of grpc.aio over psycopg and tables, one process."""
    yield from _plain(peers, "bench.peers.plain_grpc", url)


@contextmanager
def plain_http(peers: Peers, url: str) -> Iterator[str | None]:
    """The address of FastAPI over SQLAlchemy and tables, one process."""
    yield from _plain(peers, "bench.peers.plain_http", url)


def _plain(peers: Peers, module: str, url: str) -> Iterator[str | None]:
    if peers.python is None:
        yield None
        return
    environment = {**peers.environment(), "PLAIN_DATABASE_URL": url}
    with serving([str(peers.python), "-m", module], environment) as address:
        yield address


@contextmanager
def eventsourcing(peers: Peers, url: str) -> Iterator[Asked | None]:
    """The library eventsourcing in one process of threads."""
    if peers.python is None:
        yield None
        return
    command = [str(peers.python), "-m", "bench.peers.eventsourcing_program"]
    with asking(command, {**peers.environment(), **_eventsourcing_settings(url)}) as asked:
        yield asked


def _eventsourcing_settings(url: str) -> Mapping[str, str]:
    place = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(place["dbname"]),
        "POSTGRES_HOST": str(place["host"]),
        "POSTGRES_PORT": str(place["port"]),
        "POSTGRES_USER": str(place["user"]),
        "POSTGRES_PASSWORD": str(place["password"]),
    }


@contextmanager
def emmett(peers: Peers, url: str) -> Iterator[Asked | None]:
    """Emmett in one process of Node."""
    if peers.node_modules is None:
        yield None
        return
    place = conninfo_to_dict(url)
    # Its driver knows no address without a host, but takes a socket's directory as one in the query.
    known = f"postgresql://{place['user']}:{place['password']}@localhost:{place['port']}/{place['dbname']}"
    settings = {
        "EMMETT_MODULES": str(peers.node_modules),
        "EMMETT_DATABASE_URL": f"{known}?host={place['host']}",
    }
    with asking(["node", str(ROOT / "bench" / "peers" / "emmett_program.mjs")], settings) as asked:
        yield asked
