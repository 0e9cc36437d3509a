"""The read models of the families domain."""

from diptych.families.v1 import events_pb2

from projector.families.at_risk_family import AT_RISK_FAMILY
from projector.families.family_details import FAMILY_DETAILS
from projector.families.family_summary import FAMILY_SUMMARY
from projector.families.tuition_account import TUITION_ACCOUNT
from projector.projection import Projection

FAMILIES = Projection(
    name="families",
    version=1,
    read_models=(FAMILY_DETAILS, FAMILY_SUMMARY, AT_RISK_FAMILY, TUITION_ACCOUNT),
    events=(
        events_pb2.FamilyEnrolled,
        events_pb2.ChildAdded,
        events_pb2.TuitionInvoiced,
        events_pb2.PaymentReceived,
        events_pb2.EngagementScoreUpdated,
        events_pb2.RiskScoreUpdated,
        events_pb2.InterventionRecommended,
        events_pb2.ContactRecorded,
        events_pb2.PreferredContactChannelSet,
        events_pb2.CoordinatorAssigned,
        events_pb2.LoginRecorded,
        events_pb2.VolunteerHoursRecorded,
        events_pb2.AttendanceRecorded,
        events_pb2.FamilyWithdrawn,
    ),
)

__all__ = ["FAMILIES"]
