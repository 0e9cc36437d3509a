"""What the contract declares of refusals, read from the comments of its protos, and what breaks it."""

import re
from pathlib import Path

import grpc

from tests.services.kit_service import Refused

_PROTOS = Path("protos/diptych")
# Answered by the library before our code is asked.
_TOO_LARGE = "larger than max"


def declared_codes() -> dict[str, str]:
    """The status code of every reason, as the comment of its enum value says it."""
    found: dict[str, str] = {}
    for path in (_PROTOS / "errors/v1/error_reason.proto", *sorted(_PROTOS.glob("*/v1/rejections.proto"))):
        text = path.read_text(encoding="utf-8")
        found |= dict(re.findall(r"// (?:[A-Z]+_)?ERROR_REASON_(\w+): ([A-Z_]+)", text))
    return found


def fault_of(refused: Refused, codes: dict[str, str]) -> str | None:
    """What of a refusal the contract does not declare, None when all of it is declared."""
    if refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in refused.message:
        return None
    infos = [each for each in refused.status.details if each.type_url.endswith("/google.rpc.ErrorInfo")]
    if len(infos) != 1:
        return f"{refused.code.name} {refused.message!r} has {len(infos)} ErrorInfo"
    reason = refused.info.reason
    if reason == "INTERNAL" or codes.get(reason) != refused.code.name:
        return f"{refused.code.name} with reason {reason!r}, declared is {codes.get(reason)}"
    if refused.info.domain != "diptych":
        return f"the domain is {refused.info.domain!r}"
    return None
