"""How much is measured, for the whole suite and for its quick form."""

from dataclasses import dataclass

from bench.load.loops import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """`repeats` turns of everything that is compared, `window` each."""

    orders: int
    families: int
    repeats: int
    window: Window
    customers: int = 1_000
    products: int = 2_000
    long_stream: int = 10_000
    clients: int = 64
    page_clients: int = 16


WHOLE = Sizes(orders=100_000, families=100_000, repeats=5, window=Window(warming_seconds=0.3, seconds=1.2))
QUICK = Sizes(orders=10_000, families=10_000, repeats=3, window=Window(warming_seconds=0.2, seconds=0.6))
