"""Clients in other languages against both engines: grpcurl (Go), buf curl (Go, another library) and Node."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from diptych.orders.v1 import order_command_service_pb2 as orders_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from google.rpc import error_details_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.context import CallContext
from tests.certificates import Authority
from tests.clients.environment import Clients, clients
from tests.services.kit_service import SERVICE_NAME, Weaving, answer, serving, weaving_descriptor
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.usefixtures("engine")

_PAGES = 200
_REQUEST = {
    "context": {"command_id": "0f1e1c9e-3c1e-4b5e-9f0a-000000000001"},
    "customer_id": "ada",
    "items": [{"sku": "lamp", "quantity": 1}],
}


@pytest.fixture(scope="module")
def programs() -> Clients:
    """Never skipped: without them this fails, and says how to make them."""
    return clients()


async def _weave(request: Any, _context: CallContext) -> Any:
    if request.order_id == "wait":
        await asyncio.Event().wait()
    return answer(request)


async def _spin(request: Any, _context: CallContext) -> AsyncIterator[Any]:
    page = orders_pb2.PlaceOrderResponse(order_id="x" * 20_000)
    for _ in range(_PAGES if request.order_id == "pages" else 1):
        yield page
    while request.order_id == "endless":
        yield page


def _weaving() -> Weaving:
    return Weaving(weave=_weave, spin=_spin)


async def _said(*command: object, taking: str = "") -> tuple[str, str, int | None]:
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(taking.encode()), DEADLINE_SECONDS)
    return output.decode(), errors.decode(), process.returncode


def _body(order_id: str) -> str:
    return json.dumps({**_REQUEST, "order_id": order_id})


def _objects(text: str) -> list[Any]:
    """JSON values, one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


async def test_grpcurl_finds_its_way_by_reflection(programs: Clients) -> None:
    async with serving(_weaving()) as (server, _):
        listed, _, _ = await _said(programs.grpcurl, "-plaintext", server.address, "list")
        assert listed.split() == [
            SERVICE_NAME,
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        ]
        described, _, _ = await _said(
            programs.grpcurl, "-plaintext", server.address, "describe", SERVICE_NAME
        )
        assert "rpc Mend ( stream .diptych.orders.v1.PlaceOrderRequest )" in described
        health, _, _ = await _said(
            programs.grpcurl, "-plaintext", server.address, "grpc.health.v1.Health/Check"
        )
        assert json.loads(health) == {"status": "SERVING"}


async def test_grpcurl_calls_in_every_shape(programs: Clients) -> None:
    async with serving(_weaving()) as (server, _):

        async def call(rpc: str, body: str) -> list[Any]:
            command = (programs.grpcurl, "-plaintext", "-d", "@", server.address, f"{SERVICE_NAME}/{rpc}")
            output, errors, code = await _said(*command, taking=body)
            assert (errors, code) == ("", 0)
            return _objects(output)

        assert await call("Weave", _body("7")) == [{"order_id": "7"}]
        assert len(await call("Spin", _body("pages"))) == _PAGES
        mended = await call("Mend", "\n".join(map(_body, "123")))
        assert mended == [{"order_id": each} for each in "123"]


async def test_grpcurl_shows_a_refusal_with_its_details(programs: Clients) -> None:
    async with serving(_weaving()) as (server, _):
        rpc = f"{SERVICE_NAME}/Weave"
        command = (programs.grpcurl, "-plaintext", "-format-error", server.address, rpc)
        _, errors, code = await _said(*command)
        refused = json.loads(errors)
        assert (refused["code"], code) == (3, 64 + 3)
        assert "INVALID_REQUEST" in json.dumps(refused["details"])
        late = (programs.grpcurl, "-plaintext", "-max-time", "0.5", "-d", _body("wait"))
        _, errors, code = await _said(*late, server.address, rpc)
        assert code == 64 + 4, errors


async def test_grpcurl_calls_over_tls(programs: Clients, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    served, shown = authority.sign("server"), authority.sign("caller")
    settings: dict[str, Any] = {"tls_certificate": served.certificate, "tls_key": served.key}
    async with serving(_weaving(), tls_client_ca=authority.certificate, **settings) as (server, _):
        command = (programs.grpcurl, "-cacert", authority.certificate)
        asked = ("-d", _body("7"), server.address, f"{SERVICE_NAME}/Weave")
        output, _, _ = await _said(*command, "-cert", shown.certificate, "-key", shown.key, *asked)
        assert _objects(output) == [{"order_id": "7"}]
        assert (await _said(*command, *asked))[2] != 0


async def test_buf_curl_lists_calls_and_is_refused(programs: Clients) -> None:
    curl = (programs.buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge")
    async with serving(_weaving()) as (server, _):
        listed, _, _ = await _said(*curl, "--list-methods", f"http://{server.address}")
        assert f"{SERVICE_NAME}/Weave" in listed.split()
        address = f"http://{server.address}/{SERVICE_NAME}"
        output, _, _ = await _said(*curl, "-d", _body("7"), f"{address}/Weave")
        assert _objects(output) == [{"orderId": "7"}]
        output, _, _ = await _said(*curl, "-d", _body("pages"), f"{address}/Spin")
        assert len(_objects(output)) == _PAGES
        output, errors, code = await _said(*curl, "-d", _body("no id"), f"{address}/Weave")
        assert code
        (violated,) = [
            each
            for each in json.loads(errors or output)["details"]
            if each["type"] == "google.rpc.BadRequest"
        ]
        bad = error_details_pb2.BadRequest.FromString(base64.b64decode(violated["value"] + "=="))
        assert [each.field for each in bad.field_violations] == ["order_id"]


@pytest.mark.parametrize("is_secure", [False, True])
async def test_node_calls_in_every_way(programs: Clients, tmp_path: Path, is_secure: bool) -> None:
    descriptors = tmp_path / "descriptors.binpb"
    descriptors.write_bytes(_descriptor_set())
    authority = Authority(tmp_path, "authority")
    served = authority.sign("server")
    settings: dict[str, Any] = {"tls_certificate": served.certificate, "tls_key": served.key}
    async with serving(_weaving(), **settings if is_secure else {}) as (server, _):
        program = (programs.node, programs.node_client)
        trusted = (authority.certificate,) if is_secure else ()
        output, errors, code = await _said(*program, server.address, descriptors, SERVICE_NAME, *trusted)
    assert code == 0, errors
    said = json.loads(output)
    assert (said["unary"], said["packed"]) == ("7", "7" * 100)
    assert said["both_ways"] == {"end": "ended", "answers": ["1", "2", "3"]}
    for name in ("streamed", "slowly"):
        assert said[name] == {"end": "ended", "answers": _PAGES, "last": "x" * 8}
    assert (said["refused"]["code"], said["refused"]["request_id"]) == (3, "from-node")
    assert said["refused"]["status_bytes"] > 100
    assert said["late"]["code"] == 4
    assert said["cancelled"]["end"]["code"] == 1


def _descriptor_set() -> bytes:
    """The service's file and all that it needs, those first that the others need."""
    files: dict[str, FileDescriptor] = {}

    def add(file: FileDescriptor) -> None:
        for needed in file.dependencies:
            add(needed)
        files[file.name] = file

    add(weaving_descriptor().file)
    found = descriptor_pb2.FileDescriptorSet()
    for each in files.values():
        each.CopyToProto(found.file.add())
    return found.SerializeToString()


def test_programs_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.clients.environment._ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match="make clients"):
        clients()
