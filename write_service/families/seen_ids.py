"""Ids that were used: a set that only grows, and is cheap to grow while the one before stays."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIds:
    """Ids in a few sets, each larger than the next.

    A new id is merged with the sets that are not larger, so n ids are copied n log n times in all, where
    one set would be copied whole for each. As in a log-structured merge tree, O'Neil et al., 1996.
    """

    sets: tuple[frozenset[str], ...] = ()

    def __contains__(self, used_id: str) -> bool:
        return any(used_id in each for each in self.sets)

    def with_id(self, used_id: str) -> "SeenIds":
        """These ids and one more."""
        larger, merged = self.sets, frozenset((used_id,))
        while larger and len(larger[-1]) <= len(merged):
            larger, merged = larger[:-1], larger[-1] | merged
        return SeenIds(sets=(*larger, merged))
