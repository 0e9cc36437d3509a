"""The function library that runs inside the server: composed of lua/, named after its content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from read_store.connection import Connection
from read_store.errors import ReadStoreError

_FOLDER = Path(__file__).parent / "lua"

# In the order in which they use each other.
_SOURCES = (
    "byte_order",
    "redis_now",
    "outdated",
    "refuse_write",
    "members_of",
    "note_size",
    "write_sizes",
    "check_sum",
    "note_rows",
    "add_exactly",
    "add_tallies",
    "trigrams",
    "enter_texts",
    "leave_texts",
    "write_entries",
    "note_beat",
    "apply",
    "beat",
    "empty_generation",
    "start_generation",
    "open_generation",
    "note_filling",
    "switch_generation",
    "roll_back_generation",
    "forget_generation",
    "is_held",
    "acquire_lease",
    "renew_lease",
    "release_lease",
    "attend",
    "raise_damage",
    "require_size",
    "require_gram",
    "require_probes",
    "columns_of",
    "members_before",
    "smallest_index",
    "passing",
    "documents_of",
    "joined_to",
    "rank_range",
    "rank_window",
    "scores_of",
    "places_within",
    "read_page",
    "term_source",
    "lex_window",
    "read_term",
    "read_text_page",
    "read_document",
    "read_tally_row",
    "read_tally_rows",
    "read_index_edge",
    "read_count",
    "read_key_size",
    "read_key_sizes",
    "read_gram_sizes",
    "read_terms",
    "read_epoch_end",
    "is_kept",
    "read",
    "look",
)
_WRITING = (
    "apply",
    "beat",
    "start_generation",
    "open_generation",
    "note_filling",
    "switch_generation",
    "roll_back_generation",
    "forget_generation",
    "acquire_lease",
    "renew_lease",
    "release_lease",
    "attend",
)
_READING = ("read", "look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library text and the hash that names it, so that processes of several versions work side by side."""

    digest: str
    text: str

    def function(self, name: str) -> str:
        """The name under which a function of this very library is called."""
        return f"diptych_{self.digest}_{name}"


def read_sources() -> str:
    """All functions of the library, one after the other."""
    return "\n".join((_FOLDER / f"{name}.lua").read_text("utf-8") for name in _SOURCES)


def compose(sources: str) -> Library:
    """A loadable library from the text of its functions."""
    digest = hashlib.blake2b(sources.encode(), digest_size=8).hexdigest()
    prefix = f"diptych_{digest}"
    registrations = [
        f"redis.register_function{{function_name='{prefix}_{name}', callback={name}}}" for name in _WRITING
    ] + [
        f"redis.register_function{{function_name='{prefix}_{name}', callback={name}, flags={{'no-writes'}}}}"
        for name in _READING
    ]
    text = "\n".join([f"#!lua name={prefix}", sources, *registrations, ""])
    return Library(digest=digest, text=text)


LIBRARY = compose(read_sources())


async def load_library(connection: Connection, library: Library = LIBRARY) -> None:
    """Loads the library where it is missing; one that is there already is the same by its name."""
    try:
        await connection.call("FUNCTION", "LOAD", library.text)
    except ReadStoreError as error:
        if "already exists" not in str(error):
            raise
