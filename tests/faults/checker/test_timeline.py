"""What the checker compares with: the plain folds, at any position and in any order of asking."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.checker.changes import a_story
from tests.faults.checker.documents import Documents
from tests.faults.checker.log_dump import LogIndex, fork_between
from tests.faults.checker.timeline import CATEGORIES, Timeline

_LOG = a_story().log


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(CATEGORIES)), st.lists(st.integers(0, len(_LOG.events)), min_size=1, max_size=6)
)
def test_the_way_to_a_position_makes_no_difference(projection: str, positions: list[int]) -> None:
    walked = Timeline(projection, _LOG.events)
    for position in positions:
        walked.move_to(position)
    straight = Timeline(projection, _LOG.events[: positions[-1]]).move_to(positions[-1])
    assert walked.streams == straight.streams
    assert walked.tallies() == straight.tallies()
    assert walked.events == straight.events
    assert walked.newest_order("alice") == straight.newest_order("alice")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(_LOG.events)))
def test_single_documents_are_those_of_the_timeline(position: int) -> None:
    documents = Documents(LogIndex(_LOG))
    for projection in CATEGORIES:
        timeline = Timeline(projection, _LOG.events).move_to(position)
        for held in timeline.streams.values():
            for (view, id_), document in held.documents.items():
                assert documents.at(view, id_, position) == document


def test_histories_fork_where_their_events_differ() -> None:
    other = [replace(event, event_id=UUID(int=event.position)) for event in _LOG.events]
    for common in (0, 5, len(other)):
        forked = replace(_LOG, events=[*_LOG.events[:common], *other[common:]])
        assert fork_between(_LOG, forked, 1.0).common_position == common
        assert fork_between(_LOG, replace(_LOG, events=_LOG.events[:common]), 1.0).common_position == common
