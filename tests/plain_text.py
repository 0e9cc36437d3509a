"""Text as searches see it, made apart from the read store's own folding."""

from unicodedata import combining, normalize

_LIGATURES = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}  # noqa: RUF001 - the letter itself


def term_of(text: str) -> str:
    """Each line for itself: any case, no accents, one space between words."""
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    letters = [
        letter for letter in normalize("NFKD", normalize("NFKD", line).casefold()) if not combining(letter)
    ]
    plain = "".join(_LIGATURES.get(letter, letter) for letter in letters)
    return " ".join(
        "".join(letter if letter >= " " and letter != "\x7f" else " " for letter in plain).split()
    )
