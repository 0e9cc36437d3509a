"""The same work with the library eventsourcing on Postgres, in process: aggregate, application, view.

    python -m bench.peers.eventsourcing_program      (its POSTGRES_ settings in the environment)

A line of JSON names what to do; the answer is a line with the values found.
"""

import itertools
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from bench.answering import answer_lines

LONG = "long"
_EVENTS_A_SAVE = 500


class Product(Aggregate):
    """A product with its stock."""

    @event("Registered")
    def __init__(self, sku: str, name: str) -> None:
        self.sku = sku
        self.name = name
        self.received = 0

    @classmethod
    def create_id(cls, sku: str) -> UUID:
        """The aggregate's id."""
        return uuid5(NAMESPACE_URL, f"/products/{sku}")

    @event("StockReceived")
    def receive_stock(self, quantity: int, reference: str) -> None:  # noqa: ARG002 - it stands in the event
        """Units come into stock."""
        self.received += quantity


class Shop(Application[UUID]):
    """The commands."""

    def register(self, sku: str) -> None:
        """A new product."""
        self.save(Product(sku=sku, name=f"Product {sku}"))

    def receive_stock(self, sku: str, quantity: int) -> None:
        """One event: the aggregate is rebuilt, decides, and is saved."""
        product: Product = self.repository.get(Product.create_id(sku))
        if quantity <= 0:
            raise ValueError("quantity must be positive")
        product.receive_stock(quantity, "bench")
        self.save(product)


class StockView(PostgresTrackingRecorder, TrackingRecorder):
    """A row a product, kept with the place in the log in one transaction."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._table = f"{self.tracking_table_name}_stock"
        place = (Identifier(self.datastore.schema), Identifier(self._table))
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {}.{} (id uuid PRIMARY KEY, received bigint)").format(*place)
        )
        self._add = SQL(
            "INSERT INTO {}.{} AS stock (id, received) VALUES (%s, %s) "
            "ON CONFLICT (id) DO UPDATE SET received = stock.received + excluded.received"
        ).format(*place)

    def add(self, product_id: UUID, quantity: int, tracking: Tracking) -> None:
        """Add units to a product's row."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._add, (product_id, quantity), prepare=True)


class Stock(Projection[StockView]):
    """Which events change the view."""

    name: ClassVar[str] = "stock"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Everything else leaves the view as it is."""
        self.view.add(domain_event.originator_id, 0, tracking)

    @process_event.register
    def _(self, domain_event: Product.StockReceived, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self.view.add(domain_event.originator_id, domain_event.quantity, tracking)


class Program:
    """The parts that can be asked for."""

    def __init__(self) -> None:
        self._shop = Shop()
        self._views = 0

    def prepare(self, products: int, long_stream: int) -> Mapping[str, float]:
        """Products to receive stock, and one with a long history."""
        self._products = products
        self._shop.save(*(Product(sku=str(each), name=f"Product {each}") for each in range(products)))
        long = Product(sku=LONG, name="Product")
        for number in range(1, long_stream):
            long.receive_stock(1, "bench")
            if number % _EVENTS_A_SAVE == 0:
                self._shop.save(long)
        self._shop.save(long)
        return {}

    def commands(self, clients: int, warming_seconds: float, seconds: float) -> Mapping[str, float]:
        """Commands a second by so many threads."""
        begin = time.perf_counter() + warming_seconds
        counts = [0] * clients
        errors: list[Exception] = []

        def run(place: int) -> None:
            # Products of its own for each thread, so that none of them meets a conflict.
            own = itertools.cycle(range(place, self._products, clients))
            try:
                while time.perf_counter() < begin + seconds:
                    self._shop.receive_stock(str(next(own)), 1)
                    counts[place] += begin <= time.perf_counter() < begin + seconds
            except Exception as error:  # noqa: BLE001 - the one who asked is told
                errors.append(error)

        threads = [threading.Thread(target=run, args=(place,)) for place in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return {"eventsourcing commands": sum(counts) / seconds}

    def replay(self, seconds: float) -> Mapping[str, float]:
        """Times a second that the long history is replayed."""
        replays, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            self._shop.repository.get(Product.create_id(LONG))
            replays += 1
        return {"eventsourcing replays": replays / (time.perf_counter() - began)}

    def catch_up(self, seconds: float) -> Mapping[str, float]:
        """Events a second into a view of its own, from the beginning of the log."""
        self._views += 1
        projection = type(f"Stock{self._views}", (Stock,), {"name": f"stock{self._views}"})
        with ProjectionRunner(
            application_class=Shop, projection_class=projection, view_class=StockView
        ) as runner:
            first, began = self._reached(runner.view, 1), time.perf_counter()
            last = self._shop.recorder.max_notification_id() or 0
            while (reached := self._reached(runner.view, 1)) < last:
                if time.perf_counter() - began > seconds:
                    break
                time.sleep(0.01)
            return {"eventsourcing catch-up": (reached - first) / (time.perf_counter() - began)}

    def _reached(self, view: StockView, position: int) -> int:
        while (reached := view.max_tracking_id(self._shop.name) or 0) < position:
            time.sleep(0.01)
        return reached


def main() -> None:
    """Answer until the input ends."""
    program = Program()
    answer_lines(lambda name: getattr(program, name))


if __name__ == "__main__":
    main()
