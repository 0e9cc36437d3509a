"""How text is folded so that a search finds it in any case, with or without accents."""

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart into a letter and a mark, though people type them without.
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"})
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f]+")


@lru_cache(maxsize=65_536)
def fold_text(text: str) -> str:
    """The form in which terms are kept and queries are asked: folded case, no marks, single spaces.

    Lines stay apart, so that a query is never found half in one line and half in the next.
    """
    return "\n".join(_fold_line(line) for line in text.split("\n"))


def _fold_line(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _UNSEEN.sub(" ", plain.translate(_STROKED)).strip()
