"""Sealed tokens open only as they were made."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit.consistency_token import ConsistencyPoint, open_point, seal_point
from service_kit.tokens import TokenInvalid, open_sealed, seal

_KEY = bytes(range(32))


@given(st.binary(max_size=300))
def test_a_token_gives_back_what_it_holds_in_url_safe_text(payload: bytes) -> None:
    text = seal("page", payload, _KEY)
    assert open_sealed("page", text, _KEY) == payload
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.binary(max_size=40), st.data())
def test_any_change_to_a_token_shows(payload: bytes, data: st.DataObject) -> None:
    text = seal("page", payload, _KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCXYZabcxyz0189-_=+/ \0é"))
    changed = text[:place] + other + text[place + 1 :]
    if changed != text:
        with pytest.raises(TokenInvalid):
            open_sealed("page", changed, _KEY)


@given(st.text())
def test_text_that_was_never_a_token_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        open_sealed("page", text, _KEY)


def test_a_token_of_another_kind_or_key_is_refused() -> None:
    text = seal("page", b"x", _KEY)
    for kind, key in (("consistency", _KEY), ("page", bytes(32))):
        with pytest.raises(TokenInvalid):
            open_sealed(kind, text, key)
    for altered in (text + "=", text + "A", text[:-1], "", "A" * 10_000):
        with pytest.raises(TokenInvalid):
            open_sealed("page", altered, _KEY)


@given(
    st.uuids(),
    st.integers(0, 2**63 - 1),
    st.text(max_size=50).filter(lambda text: text.isprintable()),
    st.integers(0, 2**31 - 1),
)
def test_a_consistency_token_gives_back_its_point(
    epoch: UUID, position: int, stream: str, version: int
) -> None:
    point = ConsistencyPoint(epoch=epoch, position=position, stream=stream, version=version)
    assert open_point(seal_point(point, _KEY), _KEY) == point


def test_a_sealed_payload_that_is_no_point_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        open_point(seal("consistency", b"short", _KEY), _KEY)
