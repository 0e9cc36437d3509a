"""Read models that are wrong in one place, with the checks that must see it."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha1

from tests.faults.checker.bad_commands import Bad
from tests.faults.checker.changes import (
    OTHER_EPOCH,
    final,
)
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.read_dump import Apply
from tests.faults.checker.staged import Staged
from tests.faults.checker.staged_dump import dump_of

_SEARCHED = "alice smith\nalice@example.com"


def a_checkpoint_is_in_the_middle_of_a_command(run: Staged) -> None:
    part = replace(run.log, events=run.log.events[:9])
    dump = dump_of("orders", run.side("orders", 9), part)
    run.read_models.insert(0, dump)


def a_step_was_left_out(run: Staged) -> None:
    run.read_models[0].trace = [Apply(token=1, generation=1, after_position=4, position=11)]


def a_step_was_made_twice(run: Staged) -> None:
    trace = final(run).trace
    assert trace is not None
    trace.insert(1, trace[0])


def the_trace_ends_elsewhere(run: Staged) -> None:
    trace = final(run).trace
    assert trace is not None
    trace.pop()


def an_older_token_wrote_again(run: Staged) -> None:
    dump = final(run)
    assert dump.trace is not None
    dump.trace.append(Apply(token=1, generation=1, after_position=dump.position, position=dump.position))


def an_old_token_wrote_before_the_new_one_did(run: Staged) -> None:
    dump = final(run)
    assert dump.trace is not None
    dump.trace[-1] = replace(dump.trace[-1], token=2, granted=3)
    dump.fence = 3


def a_token_wrote_that_was_never_granted(run: Staged) -> None:
    final(run).fence = 1


def a_document_is_missing(run: Staged) -> None:
    del final(run).documents["order_summary", "o1"]


def a_document_has_not_moved_on(run: Staged) -> None:
    final(run).documents["order_details", "o1"] = run.read_models[0].documents["order_details", "o1"]


def a_document_of_nothing_is_there(run: Staged) -> None:
    documents = final(run).documents
    documents["customer", "bob"] = documents["customer", "alice"]


def a_document_has_another_position(run: Staged) -> None:
    document = final(run).documents["product", "mug"]
    final(run).documents["product", "mug"] = replace(document, position=document.position - 1)


def a_document_says_something_else(run: Staged) -> None:
    document = final(run).documents["customer", "alice"]
    edited = replace(document, message=document.message.replace(b"Smith", b"Smyth"))
    final(run).documents["customer", "alice"] = edited


def a_score_is_old(run: Staged) -> None:
    final(run).scores["total", "o1"] -= 300


def an_order_is_missing_from_a_list(run: Staged) -> None:
    del final(run).scores["placed/status/APPROVED", "o1"]


def an_order_stays_in_a_list_that_it_left(run: Staged) -> None:
    final(run).scores["placed/status/PENDING", "o1"] = final(run).scores["placed", "o1"]


def the_place_of_the_last_change_is_old(run: Staged) -> None:
    final(run).scores["changed/order_summary", "o1"] -= 1


def a_tally_counts_twice(run: Staged) -> None:
    final(run).tallies["product_units", "mug", "reserved"] += 2


def a_report_counts_an_order_twice(run: Staged) -> None:
    final(run).tallies["sales_by_day", "2011-06-30", "gross|GBP"] += 1600


def a_family_paid_more_than_the_log_says(run: Staged) -> None:
    final(run, "families").tallies["tuition", "2024-02", "received|USD"] += 1


def a_tally_that_is_nothing_is_kept(run: Staged) -> None:
    final(run).tallies["product_units", "mug", "sold"] = 0


def a_row_of_a_tally_is_not_found(run: Staged) -> None:
    final(run).rows["sales_by_day"].remove("2011-06-30")


def a_term_is_not_found(run: Staged) -> None:
    final(run).terms["search"].remove(_SEARCHED)


def an_order_is_not_under_its_term(run: Staged) -> None:
    name = sha1(_SEARCHED.encode()).hexdigest()  # noqa: S324 - names a key, guards nothing
    del final(run).text_members["search", name]["o2"]


def a_search_finds_nothing(run: Staged) -> None:
    del final(run).grams["search", b"ali".hex()]


def a_key_is_there_that_nobody_knows(run: Staged) -> None:
    final(run).strangers.append("d2:order_summary")


def a_checkpoint_is_at_another_event(run: Staged) -> None:
    final(run).checkpoint["anchor"] = run.log.events[0].event_id.hex


def events_were_counted_twice(run: Staged) -> None:
    final(run).checkpoint["events"] = "99"


def read_models_stay_in_a_history_that_was_given_up(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=5, replaced_at=100.0)
    final(run).checkpoint["epoch"] = str(OTHER_EPOCH)


BAD_READ_MODELS: Sequence[Bad] = (
    (frozenset({"C7"}), a_checkpoint_is_in_the_middle_of_a_command),
    (frozenset({"C7"}), a_step_was_left_out),
    (frozenset({"C7"}), a_step_was_made_twice),
    (frozenset({"C7"}), the_trace_ends_elsewhere),
    (frozenset({"C8"}), a_document_is_missing),
    (frozenset({"C8"}), a_document_has_not_moved_on),
    (frozenset({"C8"}), a_document_of_nothing_is_there),
    (frozenset({"C8"}), a_document_has_another_position),
    (frozenset({"C8"}), a_document_says_something_else),
    (frozenset({"C8"}), a_score_is_old),
    (frozenset({"C8"}), an_order_is_missing_from_a_list),
    (frozenset({"C8"}), an_order_stays_in_a_list_that_it_left),
    (frozenset({"C8"}), the_place_of_the_last_change_is_old),
    (frozenset({"C8", "money"}), a_tally_counts_twice),
    (frozenset({"C8", "money"}), a_report_counts_an_order_twice),
    (frozenset({"C8", "money"}), a_family_paid_more_than_the_log_says),
    (frozenset({"C8"}), a_tally_that_is_nothing_is_kept),
    (frozenset({"C8"}), a_row_of_a_tally_is_not_found),
    (frozenset({"C8"}), a_term_is_not_found),
    (frozenset({"C8"}), an_order_is_not_under_its_term),
    (frozenset({"C8"}), a_search_finds_nothing),
    (frozenset({"C8"}), a_key_is_there_that_nobody_knows),
    (frozenset({"C8"}), a_checkpoint_is_at_another_event),
    (frozenset({"C8"}), events_were_counted_twice),
    (frozenset({"C8"}), read_models_stay_in_a_history_that_was_given_up),
    (frozenset({"C13"}), an_older_token_wrote_again),
    (frozenset({"C13"}), an_old_token_wrote_before_the_new_one_did),
    (frozenset({"C13"}), a_token_wrote_that_was_never_granted),
)
