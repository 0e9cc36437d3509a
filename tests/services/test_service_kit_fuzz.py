"""Bad input of every kind gets a declared status, and the fuzzer notices when it does not."""

from typing import Any

import grpc

from service_kit.context import CallContext
from tests.services.fuzz_calls import fuzz_service
from tests.services.kit_service import Weaving, answer, serving, weaving_descriptor


async def test_fuzzed_requests_get_declared_answers() -> None:
    async with serving(Weaving()) as (_, channel):
        report = await fuzz_service(channel, weaving_descriptor(), requests_per_method=150)
    assert report.defects == []
    codes = {code for _, code in report.answers}
    assert codes == {"OK", "INVALID_ARGUMENT"}


async def test_the_fuzzer_finds_a_handler_that_trips_over_an_input() -> None:
    async def weave(request: Any, _context: CallContext) -> Any:
        assert len(request.items) < 2
        return answer(request)

    async with serving(Weaving(weave=weave)) as (_, channel):
        report = await fuzz_service(channel, weaving_descriptor(), requests_per_method=150)
    assert report.defects
    assert ("Weave", grpc.StatusCode.INTERNAL.name) in report.answers
