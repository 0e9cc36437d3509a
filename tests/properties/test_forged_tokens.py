"""No token that this system did not make is ever taken for one."""

import pytest

from tests.properties.forged_tokens import try_forgeries
from tests.properties.profile import FIRST_SEED, IS_NIGHTLY

_COUNT = 10_000_000 if IS_NIGHTLY else 100_000


@pytest.mark.timeout(0 if IS_NIGHTLY else 300)
def test_no_forged_token_is_accepted_and_none_trips_a_reader_up() -> None:
    tried = try_forgeries(_COUNT, FIRST_SEED)
    assert (tried.accepted[:3], tried.crashed[:3]) == ([], [])
    assert tried.refused.total() > 0.9 * _COUNT
    assert len(tried.refused) == 4


def test_without_the_seal_some_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sabotaged twin."""
    monkeypatch.setattr("service_kit.tokens.hmac.compare_digest", lambda one, other: len(one) == len(other))
    tried = try_forgeries(2_000, FIRST_SEED)
    assert tried.accepted
    assert tried.crashed
