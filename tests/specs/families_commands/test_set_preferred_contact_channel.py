"""SetPreferredContactChannel: how the family wants to be talked to."""

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, refused, withdrawn
from write_service.families.family import FamilyNotFound

SET = commands.SetPreferredContactChannelRequest(family_id="lee", channel="email")


def test_the_channel_is_what_the_family_says() -> None:
    chosen = events.PreferredContactChannelSet(family_id="lee", channel="email", set_at=NOW)
    outcome = Given(ENROLLED).when(SET).then((STREAM, chosen))
    assert outcome.response == commands.SetPreferredContactChannelResponse(family_id="lee", channel="email")


def test_a_family_that_left_may_still_say_it() -> None:
    Given(ENROLLED, withdrawn("2023-10-01")).when(SET)


def test_an_unknown_family_says_nothing() -> None:
    refused(Given(), SET, FamilyNotFound, family_id="lee")
