"""`diptych run` as a whole: ready, brought back, stopped, refused, and going on with its data."""

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1.order_command_service_pb2 import RegisterProductRequest, RegisterProductResponse
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped] # ships no types

from local_stack import processes
from tests.diptych_run import PARTS, DiptychRun

_DEADLINE_SECONDS = 60.0
SERVICES = {
    "write_service": "DIPTYCH_WRITE_ADDRESS",
    "projector": "DIPTYCH_PROJECTOR_ADDRESS",
    "read_service": "DIPTYCH_READ_ADDRESS",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiptychRun]:
    run = DiptychRun(tmp_path_factory.mktemp("run"))
    try:
        yield run.start()
    finally:
        run.stop()


def is_serving(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def test_each_service_says_where_it_is_ready_and_serves(running: DiptychRun) -> None:
    for service, setting in SERVICES.items():
        address = running.settings[setting]
        assert f"diptych {service.replace('_', ' ')} ready on {address}" in running.said
        assert processes.wait_until(partial(is_serving, address), _DEADLINE_SECONDS), running.said


def test_it_shows_how_to_call_it(running: DiptychRun) -> None:
    assert f"grpcurl -plaintext {running.settings['DIPTYCH_WRITE_ADDRESS']} list" in running.said


def test_the_metrics_of_all_processes_are_on_one_page(running: DiptychRun) -> None:
    for setting in SERVICES.values():
        is_serving(running.settings[setting])
    address = running.settings["DIPTYCH_METRICS_ADDRESS"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=_DEADLINE_SECONDS) as page:
        assert b"rpc_server_calls_total" in page.read()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize(
    ("part", "withheld"),
    [("read_service", b"DIPTYCH_DATABASE_URL="), ("write_service", b"DIPTYCH_REDIS_URL=")],
)
def test_a_service_never_learns_the_address_of_the_other_store(
    running: DiptychRun, part: str, withheld: bytes
) -> None:
    environment = Path(f"/proc/{running.pid(part)}/environ").read_bytes()
    assert b"DIPTYCH_" in environment
    assert withheld not in environment


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize("part", SERVICES)
def test_the_engine_that_all_tests_run_with_reaches_each_service(running: DiptychRun, part: str) -> None:
    chosen = os.environ.get("DIPTYCH_GRPC_ENGINE")
    environment = Path(f"/proc/{running.pid(part)}/environ").read_bytes().split(b"\0")
    found = [each for each in environment if each.startswith(b"DIPTYCH_GRPC_ENGINE=")]
    assert found == ([f"DIPTYCH_GRPC_ENGINE={chosen}".encode()] if chosen else [])


@pytest.mark.parametrize("part", PARTS)
def test_a_crashed_part_comes_back(running: DiptychRun, part: str) -> None:
    pid = running.pid(part)
    assert pid is not None
    signal_process(pid, signal.SIGKILL)
    assert running.is_back(part, pid), running.said
    for setting in SERVICES.values():
        address = running.settings[setting]
        assert processes.wait_until(partial(is_serving, address), _DEADLINE_SECONDS), running.said


def test_without_its_supervisor_a_crashed_part_stays_away(running: DiptychRun) -> None:
    """The sabotaged twin: while the supervisor gets no time, nothing brings the part back."""
    pid = running.pid("read_service")
    assert pid is not None
    running.send(signal.SIGSTOP)
    try:
        signal_process(pid, signal.SIGKILL)
        assert not running.is_back("read_service", pid, timeout_seconds=2)
    finally:
        running.send(signal.SIGCONT)
    assert running.is_back("read_service", pid)


def test_a_second_run_on_the_same_data_is_refused(running: DiptychRun, tmp_path: Path) -> None:
    second = DiptychRun(tmp_path, DIPTYCH_DATA_DIR=running.settings["DIPTYCH_DATA_DIR"]).launch()
    assert second.end() == 1
    assert running.process is not None
    data = running.settings["DIPTYCH_DATA_DIR"]
    assert second.said == f"diptych: process {running.process.pid} already runs on {data}: stop it first\n"


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        run = DiptychRun(tmp_path, DIPTYCH_READ_ADDRESS=taken).launch()
        assert run.end() == 1
    assert run.said == f"diptych: can't serve on {taken}: Address already in use; set DIPTYCH_READ_ADDRESS\n"
    assert not any(run.pids().values())


def test_a_directory_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    run = DiptychRun(tmp_path, DIPTYCH_DATA_DIR=str(tmp_path / "file" / "data")).launch()
    assert run.end() == 1
    assert run.said == f"diptych: can't write to {tmp_path / 'file' / 'data'}: Not a directory\n"


def test_a_setting_of_the_wrong_shape_is_one_clear_line(tmp_path: Path) -> None:
    run = DiptychRun(tmp_path, DIPTYCH_WRITE_ADDRESS="nowhere").launch()
    assert run.end() == 1
    assert run.said == "diptych: DIPTYCH_WRITE_ADDRESS is 'nowhere', wanted host:port\n"


def test_lost_postgres_data_is_one_clear_line(running: DiptychRun, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "identity").write_bytes((running.directory / "data" / "identity").read_bytes())
    run = DiptychRun(tmp_path).launch()
    assert run.end() == 1
    assert "an empty log is never made in its place" in run.said
    assert len(run.said.splitlines()) == 1


def test_a_stop_leaves_nothing_and_the_next_start_goes_on(running: DiptychRun) -> None:
    assert not register_product(running).receipt.replayed
    before = [pid for pid in running.pids().values() if pid is not None]
    assert len(before) == len(PARTS)
    assert running.stop() == 0
    assert not any(processes.is_alive(pid) for pid in before)
    assert not any(running.pids().values())
    running.start()
    assert register_product(running).receipt.replayed


def test_after_the_supervisor_was_killed_the_next_start_goes_on(running: DiptychRun) -> None:
    before = running.pids()
    running.send(signal.SIGKILL)
    running.end()
    running.start()
    for part, pid in before.items():
        assert pid is not None
        assert running.is_back(part, pid)
        assert not processes.is_alive(pid), part


def register_product(running: DiptychRun) -> RegisterProductResponse:
    """Always the same command: the second answer tells whether the first one is still known."""
    request = RegisterProductRequest(
        context=CommandContext(command_id="2f4c7a0e-5d0b-4d5e-9f64-0c3a1d2b7e90"),
        name="Tea",
        unit_price_cents=450,
        currency_code="GBP",
    )
    with grpc.insecure_channel(running.settings["DIPTYCH_WRITE_ADDRESS"]) as channel:
        return OrderCommandServiceStub(channel).RegisterProduct(
            request, timeout=_DEADLINE_SECONDS, wait_for_ready=True
        )


def signal_process(pid: int, number: signal.Signals) -> None:
    assert processes.stop_process(pid, number, _DEADLINE_SECONDS)
