"""Evidence of a run kept in a file, so that a better checker can look at old runs again.

python -m tests.faults.checker.evidence_file kept.evidence …
"""

import gzip
import pickle
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from tests.faults.checker.check import violations
from tests.faults.checker.findings import Evidence


def save(evidence: Evidence, path: Path) -> None:
    """Write the evidence; only the code of this folder can read it."""
    with gzip.open(path, "wb") as file:
        pickle.dump(evidence, file)


def load(path: Path) -> Evidence:
    """Read what `save` wrote, also by older code: what was not known then is what is usual.

    A file of unknown origin must not be read, it could run code.
    """
    with gzip.open(path, "rb") as file:
        evidence = pickle.load(file)  # noqa: S301 - a file of our own
    assert isinstance(evidence, Evidence)
    answers = [answer for call in evidence.calls for answer in call.answers]
    for each in (evidence.limits, *evidence.calls, *answers, *evidence.log.events):
        _complete(each)
    return evidence


def _complete(kept: Any) -> None:
    """Fields that were added since, at the end, have their defaults."""
    for each in fields(kept):
        if not hasattr(kept, each.name):
            default = each.default if each.default_factory is MISSING else each.default_factory()
            object.__setattr__(kept, each.name, default)


def main(paths: Sequence[str]) -> int:
    """1 when a promise was broken in one of the runs."""
    is_broken = False
    for path in paths:
        found = violations(load(Path(path)))
        is_broken = is_broken or bool(found)
        for violation in found:
            print(f"{path}: {violation.check} {violation.what}")  # noqa: T201 - the command's own output
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
