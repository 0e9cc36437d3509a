"""What can go wrong between this process and the read store."""


class ReadStoreError(Exception):
    """The read store answered with an error that a repeat would not cure."""


class ReadStoreUnavailable(Exception):
    """The read store can't be reached or can't serve now; a write that was on its way may have happened."""


class Fenced(Exception):
    """A newer lease was granted for this partition; nothing was written."""


class CheckpointMoved(Exception):
    """The stored checkpoint is not the one the batch started from; nothing was written."""


class GenerationRefused(Exception):
    """The generation is not one that may be switched to or dropped; nothing was changed."""


class GenerationBehind(Exception):
    """The generation has not come as far as the one that readers see; nothing was changed."""


class TallyRefused(Exception):
    """A tally of the batch is not a number or would leave 64 bits; nothing was written."""


class ReadModelDamaged(Exception):
    """Data of a read model was lost, or changed by somebody else's hand.

    `place` is what was looked at: ("document", view, id), ("row", tally, row), ("key", name), ("gram", text
    index, trigram), ("term", text index, hash of the term), or ("checkpoint",).
    """

    def __init__(self, *place: str) -> None:
        super().__init__(" ".join(place))
        self.place = place
