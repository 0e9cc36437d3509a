"""Makes the commands of one account."""

from collections.abc import Iterator

from diptych.families.v1.scores_pb2 import ScoreFactor

from command_line.importing.family_script import FamilyScript
from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command
from command_line.importing.tuition.accounts import Account
from command_line.importing.tuition.schedule import Step, due_date, schedule

CURRENCY = "TWD"
# The file does not say how anybody paid, so the account's number decides: each pays by one method always.
PAYMENT_METHODS = ("bank_transfer", "card", "check", "cash")


def account_commands(account: Account) -> list[Command]:
    """All that happened on an account, in the order in which it did."""
    script = FamilyScript(key=f"tuition/{account.family_id}", family_id=account.family_id)
    billed = {month.month for month in account.months if month.bill_cents > 0}
    return [_command(script, account, step, billed) for step in schedule(account)]


def _command(script: FamilyScript, account: Account, step: Step, billed: set[str]) -> Command:
    match step.kind:
        case FamilyKind.ENROLL:
            # The data has no names.
            return script.enroll(f"Account {account.number:05}", step.on, currency_code=CURRENCY)
        case FamilyKind.INVOICE:
            return script.invoice(step.month, step.amount, due_date(step.month), (account.line,))
        case FamilyKind.PAYMENT:
            return script.payment(
                step.month,
                step.amount,
                step.on,
                payment_method=PAYMENT_METHODS[account.number % len(PAYMENT_METHODS)],
                invoice_id=step.month if step.month in billed else "",
                entries=(account.line,),
            )
        case _:
            return script.risk(step.on, step.amount, tuple(_factors(step)))


def _factors(step: Step) -> Iterator[ScoreFactor]:
    if step.amount:
        note = f"{step.months_late} in {step.month}"
        yield ScoreFactor(name="months_late", points=step.amount, note=note)
