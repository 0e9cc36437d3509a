"""Amounts as text for display."""

from functools import lru_cache

_SYMBOLS = {"GBP": "£", "USD": "$", "EUR": "€"}


# Several read models show the same amount of an event one after the other.
@lru_cache(maxsize=1024)
def formatted(cents: int, currency_code: str) -> str:
    """Answer "£1,234.50"; a currency without a symbol of its own as "CHF 1,234.50"."""
    whole, hundredths = divmod(abs(cents), 100)
    symbol = _SYMBOLS.get(currency_code, f"{currency_code} ")
    return f"{'-' if cents < 0 else ''}{symbol}{whole:,}.{hundredths:02}"
