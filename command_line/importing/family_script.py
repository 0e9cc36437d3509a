"""Makes the commands of one family, each with a command id that follows from what it says it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diptych.command.v1.command_pb2 import CommandContext
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.scores_pb2 import ScoreFactor
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command, command_context

_Batched = commands.ExecuteBatchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyScript:
    """One family; `key` begins the readable key of each command id and is the correlation id."""

    key: str
    family_id: str

    def enroll(
        self,
        family_name: str,
        enrollment_date: date,
        *,
        currency_code: str,
        parent_name: str = "",
        email: str = "",
        phone: str = "",
    ) -> Command:
        """Begin the family."""
        context = self._context("enroll")
        request = commands.EnrollFamilyRequest(
            context=context,
            family_id=self.family_id,
            family_name=family_name,
            enrollment_date=civil(enrollment_date),
            parent_name=parent_name,
            email=email,
            phone=phone,
            currency_code=currency_code,
        )
        return self._command(FamilyKind.ENROLL, _Batched(enroll_family=request), context)

    def child(self, name: str, birth_date: date) -> Command:
        """Add a child."""
        context = self._context(f"child/{name}/{birth_date}")
        request = commands.AddChildRequest(
            context=context, family_id=self.family_id, name=name, birth_date=civil(birth_date)
        )
        return self._command(FamilyKind.CHILD, _Batched(add_child=request), context)

    def invoice(
        self, invoice_id: str, amount_cents: int, due_date: date, entries: tuple[int, ...] = ()
    ) -> Command:
        """Bill tuition."""
        context = self._context(f"invoice/{invoice_id}")
        request = commands.IssueTuitionInvoiceRequest(
            context=context,
            family_id=self.family_id,
            invoice_id=invoice_id,
            amount_cents=amount_cents,
            due_date=civil(due_date),
        )
        batched = _Batched(issue_tuition_invoice=request)
        return self._command(FamilyKind.INVOICE, batched, context, entries)

    def payment(
        self,
        transaction_id: str,
        amount_cents: int,
        received_date: date,
        *,
        payment_method: str,
        invoice_id: str = "",
        entries: tuple[int, ...] = (),
    ) -> Command:
        """Take a payment."""
        context = self._context(f"payment/{transaction_id}")
        request = commands.ReceivePaymentRequest(
            context=context,
            family_id=self.family_id,
            amount_cents=amount_cents,
            received_date=civil(received_date),
            payment_method=payment_method,
            transaction_id=transaction_id,
            invoice_id=invoice_id,
        )
        return self._command(FamilyKind.PAYMENT, _Batched(receive_payment=request), context, entries)

    def engagement(self, on: date, score: int, factors: Sequence[ScoreFactor]) -> Command:
        """Set the engagement score; the day only tells one setting from another."""
        context = self._context(f"engagement/{on}")
        request = commands.UpdateEngagementScoreRequest(
            context=context, family_id=self.family_id, score=score, factors=factors
        )
        return self._command(FamilyKind.ENGAGEMENT, _Batched(update_engagement_score=request), context)

    def risk(self, on: date, score: int, factors: Sequence[ScoreFactor]) -> Command:
        """Set the risk score; the day only tells one setting from another."""
        context = self._context(f"risk/{on}")
        request = commands.UpdateRiskScoreRequest(
            context=context, family_id=self.family_id, score=score, risk_factors=factors
        )
        return self._command(FamilyKind.RISK, _Batched(update_risk_score=request), context)

    def intervention(self, intervention: str, priority: int, predicted: date | None) -> Command:
        """Say what would keep the family."""
        context = self._context(f"intervention/{intervention}")
        request = commands.RecommendInterventionRequest(
            context=context,
            family_id=self.family_id,
            intervention=intervention,
            priority=priority,
            predicted_withdrawal_date=civil(predicted) if predicted else None,
        )
        return self._command(FamilyKind.INTERVENTION, _Batched(recommend_intervention=request), context)

    def contact(self, on: date, method: str) -> Command:
        """Record a talk."""
        context = self._context(f"contact/{on}/{method}")
        request = commands.RecordContactRequest(
            context=context, family_id=self.family_id, date=civil(on), method=method
        )
        return self._command(FamilyKind.CONTACT, _Batched(record_contact=request), context)

    def channel(self, channel: str) -> Command:
        """Set the preferred channel."""
        context = self._context("channel")
        request = commands.SetPreferredContactChannelRequest(
            context=context, family_id=self.family_id, channel=channel
        )
        return self._command(FamilyKind.CHANNEL, _Batched(set_preferred_contact_channel=request), context)

    def coordinator(self, coordinator: str) -> Command:
        """Say who looks after the family."""
        context = self._context("coordinator")
        request = commands.AssignCoordinatorRequest(
            context=context, family_id=self.family_id, coordinator=coordinator
        )
        return self._command(FamilyKind.COORDINATOR, _Batched(assign_coordinator=request), context)

    def login(self, on: date) -> Command:
        """Record a login."""
        context = self._context(f"login/{on}")
        request = commands.RecordLoginRequest(context=context, family_id=self.family_id, date=civil(on))
        return self._command(FamilyKind.LOGIN, _Batched(record_login=request), context)

    def hours(self, on: date, hours: int) -> Command:
        """Record volunteer hours."""
        context = self._context(f"hours/{on}")
        request = commands.RecordVolunteerHoursRequest(
            context=context, family_id=self.family_id, hours=hours, date=civil(on)
        )
        return self._command(FamilyKind.HOURS, _Batched(record_volunteer_hours=request), context)

    def attendance(self, on: date, event: str, *, attended: bool) -> Command:
        """Record whether the family came to an event."""
        context = self._context(f"attendance/{on}/{event}")
        request = commands.RecordAttendanceRequest(
            context=context, family_id=self.family_id, event=event, attended=attended, date=civil(on)
        )
        return self._command(FamilyKind.ATTENDANCE, _Batched(record_attendance=request), context)

    def withdraw(self, on: date, reason: str) -> Command:
        """End the enrolment."""
        context = self._context("withdraw")
        request = commands.WithdrawFamilyRequest(
            context=context, family_id=self.family_id, date=civil(on), reason=reason
        )
        return self._command(FamilyKind.WITHDRAW, _Batched(withdraw_family=request), context)

    def _context(self, step: str) -> CommandContext:
        return command_context(f"{self.key}/{step}", self.key)

    def _command(
        self, kind: FamilyKind, request: _Batched, context: CommandContext, entries: tuple[int, ...] = ()
    ) -> Command:
        return Command(
            kind=kind,
            request=request,
            command_id=context.command_id,
            subject=self.family_id,
            entries=entries,
        )


def civil(day: date) -> Date:
    """The day as a message."""
    return Date(year=day.year, month=day.month, day=day.day)
