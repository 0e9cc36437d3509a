"""What callers send that no library of theirs would, frame by frame, and how both engines take it."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from service_kit.context import CallContext
from tests.services.kit_service import (
    Weaving,
    all_of,
    answer,
    duplex,
    refusal_of,
    serving,
    stream,
    unary,
    valid_request,
)
from tests.services.raw_http2 import raw_connection

both_engines = pytest.mark.usefixtures("engine")

_BODY = valid_request("7").SerializeToString()
_OK, _EXHAUSTED, _UNIMPLEMENTED, _INTERNAL = (
    each.value[0]
    for each in (
        grpc.StatusCode.OK,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
    )
)


@pytest.mark.parametrize("rpc", ["Weave", "Spin"])
async def test_a_request_without_its_message_is_refused(rpc: str) -> None:
    """grpc.aio leaves such a caller waiting, so this is said of our own engine alone."""
    async with serving(Weaving(), grpc_engine="core") as (server, _), raw_connection(server.address) as raw:
        raw.begin(1, rpc, ends=True)
        assert (await raw.answer(1)).status == _UNIMPLEMENTED
        # Begun and not finished: five bytes more were promised.
        raw.begin(3, rpc)
        raw.send(0, 0, 3, b"\0\0\0\0\x05")
        raw.send(0, 1, 3, b"")
        assert (await raw.answer(3)).status == _UNIMPLEMENTED


@both_engines
async def test_a_stream_of_no_requests_is_a_stream_that_ends() -> None:
    async with serving(Weaving()) as (server, _), raw_connection(server.address) as raw:
        raw.begin(1, "Mend", ends=True)
        answered = await raw.answer(1)
        assert (answered.status, answered.content) == (_OK, b"")


@both_engines
@pytest.mark.parametrize("path", ["Unravel", "/no.such.Service/Weave", "/", "/%00"])
async def test_an_unknown_method_is_unimplemented(path: str) -> None:
    async with serving(Weaving()) as (server, _), raw_connection(server.address) as raw:
        raw.begin(1, path)
        raw.message(1, _BODY)
        assert (await raw.answer(1)).status == _UNIMPLEMENTED


@both_engines
@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_compressed_requests_are_read(compression: grpc.Compression) -> None:
    request = valid_request("7" * 100)
    async with serving(Weaving()) as (_, channel):
        assert (await unary(channel)(request, compression=compression)).order_id == request.order_id
        (spun,) = await all_of(stream(channel)(request, compression=compression))
        (mended,) = await all_of(duplex(channel)(iter([request]), compression=compression))
        assert spun == mended == answer(request)


@both_engines
async def test_a_request_is_measured_by_what_it_unpacks_to() -> None:
    """55 MB of nothing in 53 KB: unpacked whole, a few of them would end the process."""
    packed = gzip.compress(b"\0" * 55_000_000)
    async with serving(Weaving()) as (server, _), raw_connection(server.address) as raw:
        raw.begin(1, "Weave", grpc_encoding="gzip")
        raw.message(1, packed, compressed=True)
        assert (await raw.answer(1)).status == _EXHAUSTED
        # Said to be compressed, and in no way that is known.
        raw.begin(3, "Weave")
        raw.message(3, packed[:1000], compressed=True)
        assert (await raw.answer(3)).status == _INTERNAL
        raw.begin(5, "Weave", grpc_encoding="gzip")
        raw.message(5, gzip.compress(_BODY), compressed=True)
        assert (await raw.answer(5)).status == _OK


@both_engines
@pytest.mark.parametrize("shape", [unary, stream, duplex])
async def test_a_request_over_the_limit_is_refused_and_the_connection_lives(shape: Any) -> None:
    async with serving(Weaving(), max_request_bytes=100_000) as (_, channel):
        content = b"\0" * 100_001
        call = shape(channel, raw=True)(iter([content]) if shape is duplex else content)
        refused = await refusal_of(call if shape is unary else all_of(call))
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await unary(channel)(valid_request("7"))).order_id == "7"


@both_engines
@pytest.mark.parametrize("rpc", ["Weave", "Spin", "Mend"])
async def test_a_response_over_the_limit_is_an_error_and_no_wait(rpc: str) -> None:
    async def weave(_request: Any, _context: CallContext) -> bytes:
        return b"\0" * 100_001

    async def spin(request: Any, context: CallContext) -> AsyncIterator[bytes]:
        yield await weave(request, context)

    async def mend(requests: Any, context: CallContext) -> AsyncIterator[bytes]:
        # To the end: grpc.aio's own client trips over an error that comes while it still writes.
        taken = [request async for request in requests]
        yield await weave(taken[0], context)

    shape = {"Weave": unary, "Spin": stream, "Mend": duplex}[rpc]
    weaving = Weaving(weave=weave, spin=spin, mend=mend)
    async with serving(weaving, max_response_bytes=100_000) as (_, channel):
        request = valid_request()
        call = shape(channel)(iter([request]) if shape is duplex else request)
        refused = await refusal_of(call if shape is unary else all_of(call))
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED


@both_engines
async def test_metadata_of_any_bytes_is_taken_and_kept_out_of_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving(Weaving()) as (server, channel):
        metadata = (("x-anything-bin", bytes(range(256))), ("x-text", "plain"))
        assert (await unary(channel)(valid_request("7"), metadata=metadata)).order_id == "7"
        async with raw_connection(server.address) as raw:
            raw.begin(1, "Weave", x_request_id="secret\xe4\xff", x_other="secret\xfc")
            raw.message(1, _BODY)
            assert (await raw.answer(1)).status == _OK
    assert "secret" not in capsys.readouterr().err


@both_engines
async def test_a_second_message_in_a_unary_call_and_an_open_end_do_no_harm() -> None:
    async with serving(Weaving()) as (server, _), raw_connection(server.address) as raw:
        raw.begin(1, "Weave")
        raw.message(1, _BODY, ends=False)
        raw.message(1, _BODY)
        raw.begin(3, "Weave")
        raw.message(3, _BODY, ends=False)
        for number in (1, 3):
            assert (await raw.answer(number)).status == _OK


@both_engines
@pytest.mark.parametrize("left", ["1n", "0n", "99999999H", "nonsense"])
async def test_a_deadline_of_any_length_ends_in_an_answer(left: str) -> None:
    async with serving(Weaving(), max_calls=1) as (server, channel):
        async with raw_connection(server.address) as raw:
            raw.begin(1, "Weave", grpc_timeout=left)
            raw.message(1, _BODY)
            answered = await raw.answer(1)
            assert answered.is_over or raw.is_closed
        # The one place is free again.
        assert (await unary(channel)(valid_request("7"))).order_id == "7"
