"""A large batch is folded in slices, so that a process does other work in between."""

import itertools

from projector.folding import Folded, Folder
from projector.orders import ORDERS
from tests.order_events import WrittenLog, approved, placed, product

_ORDERS = 300


def _log() -> WrittenLog:
    log = WrittenLog()
    log.append(product("mug"))
    for number in range(_ORDERS):
        log.append(placed(str(number), ("mug", 1, 100)), approved(str(number)))
    return log


def test_others_get_a_turn_while_events_are_folded_and_while_views_are_written() -> None:
    events = _log().events
    folded = Folded()
    written = [sum(map(len, folded.documents.values())) for _ in Folder(ORDERS).folding(events, folded)]
    assert written[0] == 0
    assert 0 < written[-1] < 2 * _ORDERS + 1
    steps = [after - before for before, after in itertools.pairwise((*written, 2 * _ORDERS + 1))]
    assert max(steps) <= 2 * _ORDERS // 2


def test_slices_come_to_what_one_go_comes_to() -> None:
    events = _log().events
    folded = Folded()
    for _ in Folder(ORDERS).folding(events, folded):
        pass
    assert folded == Folder(ORDERS).fold(events)
    assert folded.events == 2 * _ORDERS + 1
