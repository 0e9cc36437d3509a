"""Stories in which only a guard of the read side keeps answers or read models from a wrong."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from diptych.orders.v1 import order_query_service_pb2 as orders

from event_store import begin_epoch
from tests.faults.checker.log_dump import fork_between, read_log
from tests.faults.queries import Scan, product_query
from tests.faults.sabotage import goods
from tests.faults.sabotage.trial import TRIES, Trial
from tests.waiting import eventually

_ORDERS = "diptych:{orders:0}:"


async def a_token_that_the_read_model_has_not_come_to(trial: Trial) -> None:
    """A command is accepted while the projector stands, and its client asks with the token."""
    trial.start(write_service="", projector="", read_service="query.before_wait=delay@1")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await trial.caught_up()
    trial.signal("projector", signal.SIGSTOP)
    await client.command(goods.receive("mug", "delivery"), tries=TRIES)
    query = asyncio.create_task(client.query(product_query("mug")))

    async def is_answered_or_waits() -> bool:
        return query.done() or trial.has_reached("read_service")

    await eventually(is_answered_or_waits)
    trial.signal("projector", signal.SIGCONT)
    await query


async def a_batch_between_what_is_read_and_its_answer(trial: Trial) -> None:
    """A query stands still once it has its rows, and the read model goes on."""
    trial.start(write_service="", projector="", read_service="query.read=stop@1")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await trial.caught_up()
    query = asyncio.create_task(client.query(product_query("mug")))
    await trial.reached("read_service")
    await client.command(goods.receive("mug", "delivery"), tries=TRIES)
    await trial.caught_up()
    trial.signal("read_service", signal.SIGCONT)
    await query


async def a_read_store_that_goes_back(trial: Trial) -> None:
    """The store is put back to an earlier moment behind the projector's back, and the log goes on."""
    trial.start(write_service="", projector="")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await trial.caught_up()
    earlier = _everything(trial)
    await client.command(goods.register("tin"), tries=TRIES)
    await trial.caught_up()
    # Not in time for the projector to say that it lives, and so to learn of it with nothing to write.
    trial.signal("projector", signal.SIGSTOP)
    _put_back(trial, earlier)
    await client.command(goods.register("pan"), tries=TRIES)
    trial.signal("projector", signal.SIGCONT)


def _everything(trial: Trial) -> dict[bytes, bytes]:
    with trial.admin() as client:
        return {key: client.dump(key) for key in client.scan_iter()}


def _put_back(trial: Trial, earlier: dict[bytes, bytes]) -> None:
    with trial.admin() as client, client.pipeline(transaction=True) as step:
        step.flushall()
        for key, content in earlier.items():
            step.restore(key, 0, content)
        step.execute()


async def a_projector_that_wakes_up_after_its_lease(trial: Trial) -> None:
    """One projector stands just before it writes, another one is granted the lease, the first one goes on."""
    trial.start(write_service="", projector="apply.before_send=stop@1")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await trial.reached("projector")
    trial.start(second_projector="lease.granted=stop@1")
    await trial.reached("second_projector")
    trial.signal("projector", signal.SIGCONT)
    await eventually(lambda: _has_been_answered(trial))
    trial.signal("second_projector", signal.SIGCONT)


async def _has_been_answered(trial: Trial) -> bool:
    """Whether what the first projector wrote was taken, or it was told why not."""
    return "projection_failed" in trial.log("projector") or not trial.behind()


async def a_log_restored_to_an_earlier_moment(trial: Trial) -> None:
    """The log goes back behind the checkpoint and beyond it again, with other events."""
    with _restored(trial):
        trial.start(write_service="", projector="")
        client = await trial.client("a")
        await client.command(goods.register("mug"), tries=TRIES)
        await trial.caught_up()
        trial.kill("write_service", "projector")
    await begin_epoch(trial.database.admin_url)
    trial.restart("write_service", "projector")
    for sku in ("pan", "pot"):
        await client.command(goods.register(sku), tries=TRIES)


@contextmanager
def _restored(trial: Trial) -> Iterator[None]:
    """What was appended within the block is gone after it, as with a dump that is loaded again."""
    url, name = trial.database.admin_url, trial.database.name
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_dump TEMPLATE {name}".encode())
        yield
        before = read_log(url)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        connection.execute(f"ALTER DATABASE {name}_dump RENAME TO {name}".encode())
    trial.forks[before.epoch] = fork_between(before, read_log(url), time.monotonic())


async def a_list_that_a_new_generation_overtakes(trial: Trial) -> None:
    """A list is on its first page when the read model is lost and built anew."""
    trial.start(write_service="", projector="", read_service="page.before_send=stop@1")
    client = await trial.client("a")
    for sku in ("mug", "pan", "tin"):
        await client.command(goods.register(sku), tries=TRIES)
    await trial.caught_up()
    request = orders.ListProductsRequest(page_size=1)
    scan = Scan(service="orders", rpc="ListProducts", request=request, rows="products", key="sku")
    walk = asyncio.create_task(client.scan(scan))
    await trial.reached("read_service")
    # Not a whole flush: what is known of the numbers in use stays.
    with trial.admin() as store:
        store.delete(f"{_ORDERS}live", f"{_ORDERS}g1:checkpoint")
    await trial.caught_up()
    trial.signal("read_service", signal.SIGCONT)
    await walk


async def a_document_changed_by_somebody_else(trial: Trial) -> None:
    """A byte of a stored document is another one, and a query comes upon it."""
    trial.start(write_service="", projector="", read_service="")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await trial.caught_up()
    with trial.admin() as store:
        key = f"{_ORDERS}g{int(store.get(f'{_ORDERS}live') or 0)}:d:product"
        document: Any = store.hget(key, "mug")
        before_name, name, behind_it = document.rpartition(b"mug")
        assert name, "the document is another one"
        store.hset(key, "mug", before_name + b"jug" + behind_it)
    await client.query(product_query("mug"))
    await client.command(goods.receive("mug", "delivery"), tries=TRIES)
    await client.query(product_query("mug"))
