"""One family and its account, by the family's id."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from diptych.families.v1.views_pb2 import FamilyDetails, TuitionAccount

from read_service.entities import Entity
from read_service.families.days import account_on, details_on
from read_store import Document


def family_of(family_id: str, on_date: Callable[[], date]) -> Entity:
    """Answer a family as what is read for it; the account beside it says what is overdue."""

    def encode(results: Sequence[Any]) -> bytes:
        family = FamilyDetails.FromString(results[0].message)
        # Most families owe nothing; then nothing is overdue whatever the day, and there is no more to read.
        account = results[1].message if family.outstanding_cents else b""
        return details_on(on_date(), family, TuitionAccount.FromString(account)).SerializeToString()

    return Entity(
        operations=(
            Document(view="family_details", id=family_id),
            Document(view="tuition_account", id=family_id),
        ),
        not_found_reason="FAMILY_NOT_FOUND",
        ids={"family_id": family_id},
        stream=f"family-{family_id}",
        encode=encode,
    )


def account_of(family_id: str, on_date: date) -> Entity:
    """Answer a family's account as what is read for it."""

    def encode(results: Sequence[Any]) -> bytes:
        account = TuitionAccount.FromString(results[0].message)
        return account_on(on_date, account).SerializeToString()

    return Entity(
        operations=(Document(view="tuition_account", id=family_id),),
        not_found_reason="FAMILY_NOT_FOUND",
        ids={"family_id": family_id},
        stream=f"family-{family_id}",
        encode=encode,
    )
