"""Another content under a command id that was used: one field of the request, or its correlation id."""

import random
from typing import Any

from tests.faults.traffic import Command

# Fields of which another value is as valid, and does not make it a command about something else.
_NUMBERS = frozenset(("quantity", "amount_cents", "unit_price_cents", "hours"))
_TEXTS = frozenset(("reason", "reference", "name", "approved_by", "carrier", "coordinator", "payment_method"))


def altered(command: Command, chance: random.Random) -> Command:
    """The same command but for one thing."""
    request = type(command.request)()
    request.CopyFrom(command.request)
    fields = [field.name for field, _ in request.ListFields() if field.name in _NUMBERS | _TEXTS]
    _alter(request, chance.choice([*fields, "correlation_id"]))
    return Command(service=command.service, rpc=command.rpc, request=request, stream=command.stream)


def _alter(request: Any, name: str) -> None:
    if name == "correlation_id":
        request.context.correlation_id = "altered"
    elif name in _NUMBERS:
        setattr(request, name, getattr(request, name) + 1)
    else:
        setattr(request, name, f"{getattr(request, name)} again")
