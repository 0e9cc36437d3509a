"""What a family does besides paying: logins, events, volunteer work."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from command_line.generating.behaviour import chance
from command_line.importing.family_script import FamilyScript
from command_line.importing.planned import Command

EVENTS = (
    "Science fair",
    "Open day",
    "Autumn picnic",
    "Reading night",
    "Field trip",
    "Parents' evening",
    "Winter concert",
    "Garden day",
)
# Of how many days before the end activity is recorded.
_DAYS = 120


@dataclass(slots=True)
class Activity:
    """What a family did, as far as its scores need it."""

    steps: list[tuple[date, Command]] = field(default_factory=list)
    logins: int = 0
    invited: int = 0
    attended: int = 0
    hours: int = 0


def activity(random: Random, script: FamilyScript, engagement: int, start: date, end: date) -> Activity:
    """More engaged families do more, all between the days given."""
    found, begin = Activity(), max(start, end - timedelta(days=_DAYS))
    for day in _days(random, begin, end, random.randrange(1 + engagement // 25)):
        found.logins += 1
        found.steps.append((day, script.login(day)))
    for day in _days(random, begin, end, random.choice((0, 1, 1, 2, 2))):
        attended = chance(random, engagement)
        found.invited += 1
        found.attended += attended
        found.steps.append((day, script.attendance(day, random.choice(EVENTS), attended=attended)))
    for day in _days(random, begin, end, random.randrange(1 + engagement // 30)):
        hours = random.randrange(1, 7)
        found.hours += hours
        found.steps.append((day, script.hours(day, hours)))
    return found


def _days(random: Random, begin: date, end: date, count: int) -> Iterator[date]:
    """Different days in order; fewer where there are not so many."""
    length = (end - begin).days + 1
    for day in sorted({random.randrange(length) for _ in range(count)}):
        yield begin + timedelta(days=day)
