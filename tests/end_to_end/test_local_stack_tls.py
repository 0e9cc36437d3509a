"""`diptych run` with TLS and certificates of callers: its own parts and tools understand each other."""

import os
import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped] # ships no types

from tests.certificates import Authority
from tests.diptych_run import DiptychRun

_DEADLINE_SECONDS = 120.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiptychRun]:
    directory = tmp_path_factory.mktemp("run")
    Authority(directory, "authority").sign("server")
    # Paths as one writes them at a terminal; the processes run elsewhere.
    files = {
        "DIPTYCH_TLS_CERTIFICATE": "server.pem",
        "DIPTYCH_TLS_KEY": "server.key",
        "DIPTYCH_TLS_CLIENT_CA": "authority.pem",
        "DIPTYCH_TLS_CA": "authority.pem",
    }
    run = DiptychRun(directory, **files)
    try:
        yield run.start()
    finally:
        run.stop()


def _diptych(running: DiptychRun, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **running.settings, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-m", "command_line.app", *command],
        cwd=running.directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_callers_without_a_certificate_stay_outside(running: DiptychRun) -> None:
    address = running.settings["DIPTYCH_READ_ADDRESS"]
    trusted = (running.directory / "authority.pem").read_bytes()
    for channel in (
        grpc.insecure_channel(address),
        grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted)),
    ):
        with channel, pytest.raises(grpc.RpcError) as refused:
            health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=_DEADLINE_SECONDS
            )
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_the_status_and_the_demo_work_and_show_how_to_call(running: DiptychRun) -> None:
    status = _diptych(running, "status")
    assert (status.returncode, "events" in status.stdout) == (0, True), status.stderr
    demo = _diptych(running, "demo")
    assert demo.returncode == 0, demo.stderr
    shown = "grpcurl -cacert authority.pem -cert server.pem -key server.key"
    assert f"{shown} {running.settings['DIPTYCH_WRITE_ADDRESS']} list" in running.said
    assert shown in demo.stdout
