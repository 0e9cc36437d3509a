"""Remembers which log belongs to a data directory, so that another or an empty one is refused."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from local_stack.errors import StackError
from local_stack.private_files import write_private


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The cluster's own number and the epoch of the log in it; both unknown while it is being made."""

    system_identifier: str | None = None
    epoch: str | None = None


class IdentityFile:
    """`identity` in the data directory: written before anything is made, completed once the log exists."""

    def __init__(self, data_directory: Path) -> None:
        self._path = data_directory / "identity"

    def check_before_start(
        self, *, postgres: Path, system_identifier: str | None, valkey_exists: bool
    ) -> None:
        """Refuse to make an empty log where there was one, and a foreign cluster. Raises StackError.

        Missing Valkey data needs no refusal: the projector fills it again from the log.
        """
        known = self._read()
        postgres_exists = system_identifier is not None
        if known is None and postgres_exists:
            raise StackError(f"{postgres} holds a log, but {self._path} is missing: restore it")
        if known is None and valkey_exists:
            raise StackError(
                f"{postgres} is missing while the data of Valkey is still there: "
                "restore or mount the data of Postgres, or choose a new data directory"
            )
        if known is not None and known.epoch is not None and not postgres_exists:
            raise StackError(
                f"{postgres} is missing, and {self._path} says that a log was there: "
                "restore or mount it; an empty log is never made in its place"
            )
        if known is not None and known.epoch is not None and known.system_identifier != system_identifier:
            raise StackError(
                f"{postgres} is another cluster than the one that {self._path} names: "
                f"expected {known.system_identifier}, found {system_identifier}"
            )
        if known is None:
            self._write(Identity())

    def check_log(self, *, system_identifier: str, epoch: UUID) -> None:
        """Refuse the log of somebody else; remember it when it was made just now. Raises StackError."""
        found = Identity(system_identifier=system_identifier, epoch=str(epoch))
        known = self._read() or Identity()
        if known.epoch is None:
            self._write(found)
        elif known != found:
            raise StackError(
                f"this is another log than the one that {self._path} names: "
                f"expected epoch {known.epoch} in cluster {known.system_identifier}, "
                f"found epoch {found.epoch} in cluster {found.system_identifier}"
            )

    def renew(self, *, system_identifier: str, epoch: UUID) -> None:
        """Remember this log from now on: it was restored, and its new epoch is known to be begun."""
        self._write(Identity(system_identifier=system_identifier, epoch=str(epoch)))

    def _read(self) -> Identity | None:
        try:
            return Identity(**json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise StackError(f"{self._path} can't be read: restore it from the backup") from error

    def _write(self, identity: Identity) -> None:
        write_private(self._path, json.dumps(asdict(identity), indent=2) + "\n")
