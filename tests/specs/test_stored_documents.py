"""A stored document gives back what was stored; any change is seen, in one and among many."""

import random
from collections.abc import Sequence

import pytest
from diptych.orders.v1.order_query_service_pb2 import ListOrdersResponse
from diptych.orders.v1.views_pb2 import OrderSummary
from hypothesis import given
from hypothesis import strategies as st

from read_store import ReadModelDamaged, StoredDocument, check_sums
from read_store.check_sums import check_documents, checkpoint_seal
from read_store.stored import frames_of, unpack_document

_numbers = st.integers(0, 2**64 - 1)
_documents = st.dictionaries(
    st.text("abc-09", min_size=1, max_size=6),
    st.builds(StoredDocument, version=_numbers, position=_numbers, message=st.binary(max_size=300)),
    min_size=1,
    max_size=6,
)


def _sealed(documents: dict[str, StoredDocument]) -> tuple[list[bytes], list[bytes]]:
    return [id_.encode() for id_ in documents], [each.pack(id_) for id_, each in documents.items()]


@given(_documents)
def test_what_was_stored_is_read(documents: dict[str, StoredDocument]) -> None:
    ids, stored = _sealed(documents)
    check_documents("view", ids, stored)
    found = {id_: unpack_document("view", id_, each) for id_, each in zip(documents, stored, strict=True)}
    assert found == documents


def test_frames_in_a_row_are_the_rows_of_an_answer() -> None:
    rows = [OrderSummary(order_id="x" * length, total_cents=length) for length in (0, 1, 130, 20_000)]
    stored = [
        StoredDocument(version=1, position=1, message=row.SerializeToString()).pack("a") for row in rows
    ]
    assert list(ListOrdersResponse.FromString(frames_of(stored)).orders) == rows


def _is_seen(ids: Sequence[bytes], stored: Sequence[bytes | None]) -> bool:
    try:
        check_documents("view", ids, stored)
    except ReadModelDamaged:
        return True
    return False


def _changed(stored: Sequence[bytes], chance: random.Random) -> list[bytes | None]:
    """The same with one bit turned round, one missing, one cut off, or two in each other's place."""
    changed: list[bytes | None] = list(stored)
    one, other = chance.sample(range(len(stored)), 2)
    match chance.randrange(4):
        case 0:
            place = chance.randrange(len(stored[one]))
            turned = stored[one][place] ^ 1 << chance.randrange(8)
            changed[one] = stored[one][:place] + bytes([turned]) + stored[one][place + 1 :]
        case 1:
            changed[one] = None
        case 2:
            changed[one] = stored[one][: chance.randrange(len(stored[one]))]
        case _:
            changed[one], changed[other] = stored[other], stored[one]
    return changed


def _unseen(seed: int) -> int:
    chance, unseen = random.Random(seed), 0  # noqa: S311 - a test's dice
    for _ in range(300):
        documents = {
            f"id-{number}": StoredDocument(version=1, position=number, message=chance.randbytes(40))
            for number in range(5)
        }
        ids, stored = _sealed(documents)
        assert not _is_seen(ids, stored)
        unseen += not _is_seen(ids, _changed(stored, chance))
    return unseen


def test_a_change_of_one_document_is_seen_among_many() -> None:
    assert _unseen(seed=1) == 0


def test_without_the_seal_changes_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sabotaged twin."""
    monkeypatch.setattr(check_sums, "is_whole", lambda *_: True)
    assert _unseen(seed=1) > 0


def test_a_checkpoint_of_another_layout_is_no_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So what was stored in another way is made anew, and never read as what it is not."""
    seal = checkpoint_seal("ab", 1, "cd", 2)
    monkeypatch.setattr(check_sums, "_LAYOUT", 1)
    assert checkpoint_seal("ab", 1, "cd", 2) != seal
