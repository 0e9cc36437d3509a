"""What is measured by turns becomes ratios of the same round, and a goal is for those."""

import itertools

import pytest

from bench.measuring import NothingEnded, Row, Section, measure

ROW = Row(name="calls", unit="calls/s", value="ours", floor="floor", floor_name="a floor", goal=2)


def a_section(ours: list[float], floors: list[float], row: Row = ROW) -> tuple[Section, list[str]]:
    """Turns that find these values round by round, and the order in which they were taken."""
    taken: list[str] = []
    values = {"ours": iter(ours), "floor": iter(floors)}

    def turn(name: str) -> dict[str, float]:
        taken.append(name)
        return {name: next(values[name])}

    return Section(title="", turns=(lambda: turn("ours"), lambda: turn("floor")), rows=(row,)), taken


def test_a_ratio_is_of_values_of_the_same_round() -> None:
    section, _ = a_section([10, 40, 90], [10, 20, 30])
    (measured,) = measure(section, 3)
    assert measured.ratios == [1, 2, 3]
    assert (measured.ratio, measured.value, measured.floor) == (2, 40, 20)


def test_each_round_begins_with_another_turn() -> None:
    section, taken = a_section([1, 1, 1], [1, 1, 1])
    measure(section, 3)
    assert taken == ["ours", "floor", "floor", "ours", "ours", "floor"]


@pytest.mark.parametrize(("is_at_most", "is_met"), [(False, True), (True, False)])
def test_a_goal_is_for_the_median_ratio(is_at_most: bool, is_met: bool) -> None:
    row = Row(name="", unit="", value="ours", floor="floor", goal=2, is_at_most=is_at_most)
    section, _ = a_section([30, 1, 30], [10, 10, 10], row)
    assert measure(section, 3)[0].is_met is is_met


def test_a_sum_is_of_the_same_round() -> None:
    values = itertools.count(1)
    section = Section(
        title="",
        turns=(lambda: {"ours": 12.0}, lambda: {"a": float(next(values))}, lambda: {"b": 2.0}),
        sums={"floor": ("a", "b")},
        rows=(ROW,),
    )
    assert measure(section, 2)[0].floors == [3, 4]


def test_a_row_whose_peer_is_not_there_is_left_out() -> None:
    section = Section(title="", turns=(lambda: {"ours": 1.0},), rows=(ROW,))
    assert measure(section, 1) == []


def test_a_turn_in_which_nothing_ended_is_taken_again() -> None:
    section, _ = a_section([0, 0, 8], [4])
    assert measure(section, 1)[0].ratio == 2


def test_a_turn_in_which_nothing_ever_ends_is_told() -> None:
    section, _ = a_section([0, 0, 0], [4])
    with pytest.raises(NothingEnded):
        measure(section, 1)
