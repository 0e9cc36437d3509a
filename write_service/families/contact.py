"""Contact: talks with a family, how it wants to be talked to, and who looks after it."""

from diptych.families.v1.events_pb2 import ContactRecorded, CoordinatorAssigned, PreferredContactChannelSet
from diptych.families.v1.family_command_service_pb2 import (
    AssignCoordinatorRequest,
    RecordContactRequest,
    SetPreferredContactChannelRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.dates import today, written
from write_service.decider import Decision, States
from write_service.families.family import FAMILY, enrolled_family, known_family


def record_contact(request: RecordContactRequest, states: States, now: Timestamp) -> Decision:
    known_family(states, request.family_id)
    event = ContactRecorded(
        family_id=request.family_id,
        date=request.date if request.HasField("date") else written(today(now)),
        method=request.method,
        recorded_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]


def set_preferred_contact_channel(
    request: SetPreferredContactChannelRequest, states: States, now: Timestamp
) -> Decision:
    known_family(states, request.family_id)
    event = PreferredContactChannelSet(family_id=request.family_id, channel=request.channel, set_at=now)
    return [(FAMILY.stream(request.family_id), event)]


def assign_coordinator(request: AssignCoordinatorRequest, states: States, now: Timestamp) -> Decision:
    enrolled_family(states, request.family_id)
    event = CoordinatorAssigned(family_id=request.family_id, coordinator=request.coordinator, assigned_at=now)
    return [(FAMILY.stream(request.family_id), event)]
