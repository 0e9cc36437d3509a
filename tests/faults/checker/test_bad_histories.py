"""Every kind of broken promise is seen, and by the check whose promise it is."""

import pytest

from tests.faults.checker.bad_answers import BAD_ANSWERS
from tests.faults.checker.bad_commands import BAD_COMMANDS, Bad
from tests.faults.checker.bad_decisions import BAD_DECISIONS
from tests.faults.checker.bad_read_models import BAD_READ_MODELS
from tests.faults.checker.bad_streams import BAD_STREAMS
from tests.faults.checker.changes import a_story
from tests.faults.checker.check import violations

_ALL = (*BAD_COMMANDS, *BAD_DECISIONS, *BAD_READ_MODELS, *BAD_ANSWERS, *BAD_STREAMS)


@pytest.mark.parametrize("bad", _ALL, ids=lambda bad: bad[1].__name__)
def test_a_broken_promise_is_seen(bad: Bad) -> None:
    expected, break_it = bad
    run = a_story()
    break_it(run)
    found = violations(run.evidence())
    assert expected <= {violation.check for violation in found}, found
