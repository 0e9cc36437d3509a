"""Commands are packed as hiredis packs them."""

from typing import Any

import hiredis
from hypothesis import given
from hypothesis import strategies as st

from read_store.packing import packed


def _all_of(size: int) -> st.SearchStrategy[list[bytes]]:
    return st.lists(st.binary(min_size=size, max_size=size), min_size=1)


_of_any_length = st.lists(st.binary(max_size=12), min_size=1)


@given(key=st.text(max_size=20), arguments=_of_any_length | st.integers(0, 12).flatmap(_all_of))
def test_any_arguments_are_packed_as_hiredis_does(key: str, arguments: list[bytes]) -> None:
    parts: Any = (b"HMGET", key.encode(), *arguments)
    assert packed(b"HMGET", key, arguments) == hiredis.pack_command(parts)
