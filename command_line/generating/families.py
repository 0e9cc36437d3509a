"""Makes up one family: its people, half a year of its life, and the commands that tell of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from command_line.generating.activity import Activity, activity
from command_line.generating.behaviour import Behaviour, behaviour, chance
from command_line.generating.names import GIVEN_NAMES, email, family_name
from command_line.generating.scores import AT_RISK, Score, engagement_score, risk_score
from command_line.generating.tuition import Tuition, months_before, tuition
from command_line.importing.family_script import FamilyScript
from command_line.importing.planned import Command

MONTHS = 6
CURRENCY = "USD"
CHANNELS = ("email", "phone", "text", "letter")
COORDINATORS = ("Sarah Lindqvist", "Tomás Herrera", "Aïcha Benali", "Grace Oyelaran", "Jiří Malý", "Mei Chen")
REASONS = (
    "moved away",
    "changed to another school",
    "tuition too high",
    "not content",
    "child grew out of it",
)
_CHILDREN = (1, 1, 2, 2, 2, 3, 4)


def family_commands(number: int, *, seed: int, until: date) -> list[Command]:
    """All commands of one family in order; the same for the same arguments, whatever else is made."""
    random = Random(f"{seed}/{until}/{number}")  # noqa: S311 - nothing secret
    family_id = f"generated-{seed}-{until:%Y%m%d}-{number:07}"
    script = FamilyScript(key=f"families/{family_id}", family_id=family_id)
    of, months = behaviour(random), months_before(until, MONTHS)
    enrolled = _enrolled(random, months[0], until)
    left = _left(random, of, enrolled, until)
    end = left or until
    people = _people(random, script, until, enrolled)
    billed = [month for month in months if enrolled <= month <= end]
    opinion = random.randint(*of.engagement)
    paid = tuition(random, script, of, children=len(people) - 1, months=billed, until=until)
    did = activity(random, script, opinion, enrolled, end)
    steps = [*paid.steps, *did.steps]
    steps += _judged(random, script, (paid, did), opinion, (enrolled, end))
    if left is not None:
        steps.append((left, script.withdraw(left, random.choice(REASONS))))
    # Steps of one day stay as they are: invoices first, leaving last.
    steps.sort(key=lambda step: step[0])
    return [*people, *(command for _, command in steps)]


def _enrolled(random: Random, first: date, until: date) -> date:
    if chance(random, 80):
        return first - timedelta(days=random.randrange(1000))
    return first + timedelta(days=random.randrange((until - first).days + 1))


def _left(random: Random, of: Behaviour, enrolled: date, until: date) -> date | None:
    """The day of the withdrawal; None for a family that stays."""
    if not chance(random, of.withdrawal):
        return None
    return max(enrolled, until - timedelta(days=random.randrange(150)))


def _people(random: Random, script: FamilyScript, until: date, enrolled: date) -> list[Command]:
    """The enrolment with the parent, then the children."""
    name, (parent, *names) = family_name(random), random.sample(GIVEN_NAMES, 1 + random.choice(_CHILDREN))
    enroll = script.enroll(
        name,
        enrolled,
        currency_code=CURRENCY,
        parent_name=f"{parent} {name}",
        email=email(parent, script.family_id),
        phone=f"+1 555 {random.randrange(10_000_000):07}",
    )
    births = [until - timedelta(days=random.randrange(3 * 365, 17 * 365)) for _ in names]
    return [enroll, *(script.child(child, born) for child, born in zip(names, births, strict=True))]


def _judged(
    random: Random,
    script: FamilyScript,
    told: tuple[Tuition, Activity],
    opinion: int,
    between: tuple[date, date],
) -> list[tuple[date, Command]]:
    """Scores at the end, and what the co-op does about them."""
    enrolled, end = between
    engagement = engagement_score(told[1], opinion)
    risk = risk_score(*told, engagement.points, is_new=(end - enrolled).days < 90)
    steps = [(end, script.engagement(end, engagement.points, engagement.messages()))]
    # Risk grows: the score of a month before is lower.
    before = max(enrolled, end - timedelta(days=30))
    if risk.points >= 40 and before < end:
        steps.append((before, script.risk(before, risk.points // 2, ())))
    steps.append((end, script.risk(end, risk.points, risk.messages())))
    if risk.points >= AT_RISK:
        predicted = _predicted(random, end)
        steps.append((end, script.intervention(risk.intervention, _priority(random, risk), predicted)))
    return [*steps, *_outreach(random, script, risk, enrolled, end)]


def _outreach(
    random: Random, script: FamilyScript, risk: Score, enrolled: date, end: date
) -> Iterator[tuple[date, Command]]:
    channel = random.choice(CHANNELS)
    if chance(random, 40):
        yield enrolled, script.channel(channel)
    if risk.points >= AT_RISK or chance(random, 20):
        yield end, script.coordinator(random.choice(COORDINATORS))
        talked = end - timedelta(days=random.randrange(min(45, (end - enrolled).days + 1)))
        yield talked, script.contact(talked, channel)


def _priority(random: Random, risk: Score) -> int:
    return random.choice((4, 5, 5)) if risk.points >= 85 else random.choice((2, 3, 3, 4))


def _predicted(random: Random, end: date) -> date | None:
    return end + timedelta(days=random.randrange(7, 120)) if chance(random, 85) else None
