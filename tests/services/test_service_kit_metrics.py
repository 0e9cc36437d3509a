"""What is counted of calls: the same numbers as the library's own, and none lost at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import grpc
import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from service_kit import metrics
from service_kit.metrics import CallMetrics
from tests.services.kit_service import unary, valid_request
from tests.services.test_service_kit_server import PROCESS
from tests.waiting import DEADLINE_SECONDS

_METHOD = "a.v1.Service/Method"
_SECONDS = (0.0, 0.0005, 0.00051, 0.3, 0.3, 29.9, 30.0, 31.0)


def test_what_is_handed_over_is_what_the_library_counts_one_by_one() -> None:
    registry, plain = CollectorRegistry(), CollectorRegistry()
    counted = CallMetrics(registry)
    observed = Histogram("rpc_server_call_seconds", "", ("method",), buckets=metrics._BUCKETS, registry=plain)
    for code in (grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND):
        for seconds in _SECONDS:
            counted.ended(_METHOD, code, seconds)
            observed.labels(_METHOD).observe(seconds)
        assert _values(registry, "rpc_server_call_seconds") == _values(plain, "rpc_server_call_seconds")
        labels = {"method": _METHOD, "code": code.name}
        assert registry.get_sample_value("rpc_server_calls_total", labels) == len(_SECONDS)


def _values(registry: CollectorRegistry, name: str) -> Sequence[object]:
    return [
        (sample.name, sample.labels, pytest.approx(sample.value))
        for family in registry.collect()
        for sample in family.samples
        if family.name == name and not sample.name.endswith("_created")
    ]


def test_no_call_is_lost_while_others_look() -> None:
    registry, calls = CollectorRegistry(), 20_000
    counted = CallMetrics(registry)

    def look() -> None:
        for _ in range(200):
            counted.hand_over()

    looking = [Thread(target=look) for _ in range(2)]
    for each in looking:
        each.start()
    for _ in range(calls):
        counted.ended(_METHOD, grpc.StatusCode.OK, 0.25)
    for each in looking:
        each.join()
    labels = {"method": _METHOD}
    assert registry.get_sample_value("rpc_server_call_seconds_count", labels) == calls
    assert registry.get_sample_value("rpc_server_call_seconds_sum", labels) == calls * 0.25


async def test_the_last_calls_before_a_stop_are_counted(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "DIPTYCH_WRITE_ADDRESS": "127.0.0.1:0",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    address = (await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS)).decode().split()[-1]
    async with grpc.aio.insecure_channel(address) as channel:
        for _ in range(30):
            await unary(channel)(valid_request())
        process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))  # type: ignore[no-untyped-call] # untyped
    labels = {"method": "diptych.testing.v1.WeavingService/Weave", "code": "OK"}
    assert registry.get_sample_value("rpc_server_calls_total", labels) == 30
