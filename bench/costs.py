"""What one call costs each process of the stack, in CPU time: what an added core would have to carry.

    python -m bench.costs

Each kind of call is made by 64 clients, a page and a report by 16, for a few seconds; the projector and the
stores work on what they cause meanwhile.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace

import psutil  # type: ignore[import-untyped] # ships no types

from bench.figures.places import DASHBOARD, GET_ORDER, LIST_ORDERS, PLACE_ORDER, RECEIVE_STOCK
from bench.load import requests
from bench.load.loops import Window
from bench.peers.environment import Peers
from bench.sizes import WHOLE
from bench.stand import MadeRequests, Stand, standing

_SERVICES = ("write_service", "read_service", "projector")
_COLUMNS = (*_SERVICES, "Postgres", "Valkey")


def main() -> None:
    """Fill a stand, make the calls, print a table."""
    options = _options()
    sizes = replace(
        WHOLE,
        orders=options.orders,
        families=options.orders,
        long_stream=100,
        window=Window(warming_seconds=0.0, seconds=options.seconds),
    )
    with standing(sizes, Peers(python=None, node_modules=None, remarks=()), print) as stand:
        print(f"{'CPU microseconds a call':32}{'calls/s':>9}" + "".join(f"{name:>15}" for name in _COLUMNS))
        for name, (address, path, made, clients) in _calls(stand).items():
            before = _used(stand)
            taken = stand.calls(address, path, made, clients=clients)
            _wait_until_idle(stand)
            costs = ((_used(stand)[column] - before[column]) / taken.calls * 1e6 for column in _COLUMNS)
            print(f"{name:32}{taken.per_second:9,.0f}" + "".join(f"{cost:15,.0f}" for cost in costs))


def _calls(stand: Stand) -> Mapping[str, tuple[str, str, MadeRequests, int]]:
    sizes, read, write = stand.sizes, stand.stack.read_address, stand.stack.write_address
    placed = requests.Orders(customers=sizes.customers, products=sizes.products)
    return {
        "GetOrder": (read, GET_ORDER, requests.OneOrder(orders=sizes.orders), sizes.clients),
        "page of 100 orders": (read, LIST_ORDERS, requests.PAGE_OF_100, sizes.page_clients),
        "dashboard": (read, DASHBOARD, requests.DASHBOARD, sizes.page_clients),
        "ReceiveStock": (
            write,
            RECEIVE_STOCK,
            requests.Deliveries(products=sizes.products),
            sizes.clients,
        ),
        "PlaceOrder with 5 lines": (write, PLACE_ORDER, placed, sizes.clients),
    }


def _used(stand: Stand) -> dict[str, float]:
    """CPU seconds of each column so far."""
    used = {name: _seconds(psutil.Process(stand.stack.pid(name))) for name in _SERVICES}
    for column, server in (("Postgres", stand.postgres), ("Valkey", stand.valkey)):
        process = psutil.Process(server.pid or 0)
        used[column] = sum(map(_seconds, (process, *process.children(recursive=True))))
    return used


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _wait_until_idle(stand: Stand) -> None:
    """Let the projector come to an end with what was written."""
    before = _used(stand)["projector"]
    while True:
        time.sleep(0.5)
        now = _used(stand)["projector"]
        if now - before < 0.1:
            return
        before = now


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000, help="how many the read models hold")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each kind is called")
    return parser.parse_args()


if __name__ == "__main__":
    main()
