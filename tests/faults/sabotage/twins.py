"""Each guard with the story that needs it, and the checks of which one must see what its absence does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.faults.sabotage import guards, read_stories, write_stories
from tests.faults.sabotage.guards import Guard
from tests.faults.sabotage.trial import Trial

Story = Callable[[Trial], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A guard, its story, and the checks of which at least one must find what its absence does."""

    guard: Guard
    story: Story
    found_by: frozenset[str]


def _twin(guard: Guard, story: Story, *found_by: str) -> Twin:
    return Twin(guard=guard, story=story, found_by=frozenset(found_by))


_ALL = (
    _twin(guards.HEAD_ROW, write_stories.an_append_that_ends_between_its_numbers_and_its_commit, "C4"),
    _twin(guards.IDEMPOTENCY_ROW, write_stories.a_command_of_which_the_answer_was_lost, "C3"),
    _twin(guards.FINGERPRINT, write_stories.a_command_id_with_two_contents, "C3"),
    _twin(guards.READ_STREAMS, write_stories.a_decision_on_what_another_writer_has_just_changed, "rules"),
    _twin(guards.SYNCHRONOUS_COMMIT, write_stories.a_crash_of_postgres_under_an_eager_setting, "C1"),
    _twin(guards.TOKEN_WAIT, read_stories.a_token_that_the_read_model_has_not_come_to, "C9"),
    _twin(guards.CHECKPOINT_WITH_ROWS, read_stories.a_batch_between_what_is_read_and_its_answer, "C10"),
    _twin(guards.COMPARE_AND_SET, read_stories.a_read_store_that_goes_back, "C7"),
    _twin(guards.FENCE, read_stories.a_projector_that_wakes_up_after_its_lease, "C13"),
    _twin(guards.EPOCH_AND_ANCHOR, read_stories.a_log_restored_to_an_earlier_moment, "C8"),
    _twin(guards.GENERATION_SWITCH, read_stories.a_list_that_a_new_generation_overtakes, "C11"),
    _twin(guards.CHECK_SUMS, read_stories.a_document_changed_by_somebody_else, "C10"),
)
TWINS: Mapping[str, Twin] = {twin.guard.name: twin for twin in _ALL}
