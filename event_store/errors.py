"""What can go wrong between this package and the database, as its callers have to tell it apart."""


class StoreError(Exception):
    """The event store could not do what was asked."""


class StoreUnavailable(StoreError):
    """The database can't be reached or didn't answer in time; nothing was appended. A repeat is safe."""


class HistoryReplaced(StoreUnavailable):
    """The log no longer holds what this process has seen in it: it was restored.

    Nothing was appended, and what was decided on the earlier history has to be decided again.
    """


class CommitOutcomeUnknown(StoreError):
    """The connection broke while appending; the same command id, sent again, tells what happened."""


class LogFull(StoreError):
    """The database has no space left; nothing was appended, and reading goes on."""


class UnregisteredEventType(StoreError):
    """An event's type was never registered with the descriptor set that explains it."""
