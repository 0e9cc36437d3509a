"""Tokens that nobody made, by the million: changed, cut, spliced, of other kinds, lists and keys, and noise.

    python -m tests.properties.forged_tokens 1000000

Each must be refused as a token of its kind is; none may be accepted, none may trip the reader up.
"""

import base64
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from diptych.orders.v1 import order_query_service_pb2 as queries

from read_service.freshness import Floor
from read_service.page_tokens import PageTokens, Resumption
from service_kit.consistency_token import ConsistencyPoint, open_point, seal_point
from service_kit.errors import ServiceError
from service_kit.tokens import TokenInvalid, seal

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ODD_LETTERS = "+/=. \t\n\r\0é\u202e\N{PILE OF POO}\ud800"
# Longer than any token that is read.
_TOO_LONG = 9_000


def forgeries(genuine: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Texts made from tokens; now and then one of them comes out unchanged."""
    while True:
        yield chance.choice(_WAYS)(chance.choice(genuine), genuine, chance)


def _flip_bits(token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    raw = bytearray(_raw(token))
    for _ in range(chance.randint(1, 3)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return _text(bytes(raw))


def _change_letter(token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    place = chance.randrange(len(token))
    letters = _LETTERS if chance.random() < 0.8 else _ODD_LETTERS
    return token[:place] + chance.choice(letters) + token[place + 1 :]


def _cut(token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    first, last = sorted((chance.randrange(len(token) + 1), chance.randrange(len(token) + 1)))
    return chance.choice((token[:last], token[first:], token[first:last]))


def _lengthen(token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    more = "".join(chance.choices(_LETTERS + "=", k=chance.choice((1, 2, 3, 40))))
    if chance.random() < 0.01:
        more *= _TOO_LONG
    return token + more if chance.random() < 0.5 else more + token


def _splice(token: str, genuine: Sequence[str], chance: random.Random) -> str:
    one, other = _raw(token), _raw(chance.choice(genuine))
    seal_of_other = chance.random() < 0.5
    if seal_of_other:
        return _text(one[:-16] + other[-16:])
    return _text(one[: chance.randrange(len(one))] + other[chance.randrange(len(other)) :])


def _swap(token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    raw = bytearray(_raw(token))
    one, other = chance.randrange(len(raw)), chance.randrange(len(raw))
    raw[one], raw[other] = raw[other], raw[one]
    return _text(bytes(raw))


def _noise(_token: str, _genuine: Sequence[str], chance: random.Random) -> str:
    if chance.random() < 0.5:
        return _text(chance.randbytes(chance.randrange(120)))
    return "".join(chance.choices(_LETTERS + _ODD_LETTERS, k=chance.randrange(200)))


_WAYS: Sequence[Callable[[str, Sequence[str], random.Random], str]] = (
    _flip_bits,
    _flip_bits,
    _change_letter,
    _cut,
    _lengthen,
    _splice,
    _swap,
    _noise,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """What takes tokens of one kind: it answers, or raises `refusal`."""

    name: str
    read: Callable[[str], object]
    genuine: frozenset[str]
    refusal: type[Exception]


@dataclass(slots=True)
class Tried:
    """How many were refused, by reader, and whatever else happened to one."""

    refused: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)


def try_forgeries(count: int, seed: int) -> Tried:
    """Show so many texts to readers of every kind."""
    chance, tried = random.Random(seed), Tried()  # noqa: S311 - inputs, not secrets
    readers = _readers(chance)
    genuine = sorted({token for reader in readers for token in reader.genuine}) + _of_other_places(chance)
    made = forgeries(genuine, chance)
    for _ in range(count):
        reader = chance.choice(readers)
        # Tokens of other kinds, lists and keys are shown as they are, too.
        text = chance.choice(genuine) if chance.random() < 0.05 else next(made)
        if text and text not in reader.genuine:
            _show(reader, text, tried)
    return tried


def _show(reader: Reader, text: str, tried: Tried) -> None:
    try:
        found = reader.read(text)
    except reader.refusal:
        tried.refused[reader.name] += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, a caller would be told INTERNAL
        tried.crashed.append(f"{reader.name} of {text!r}: {error!r}")
    else:
        tried.accepted.append(f"{reader.name} of {text!r}: {found}")


def _readers(chance: random.Random) -> list[Reader]:
    points = frozenset(seal_point(_point(chance), KEY) for _ in range(40))
    readers = [Reader("consistency", lambda text: open_point(text, KEY), points, TokenInvalid)]
    for name, filters in (
        ("ListOrders", queries.ListOrdersRequest()),
        ("ListOrders", queries.ListOrdersRequest(is_ascending=True)),
        ("SearchOrders", queries.SearchOrdersRequest(term="a")),
    ):
        tokens = PageTokens(name, filters, KEY)
        written = frozenset(tokens.write(_resumption(chance)) for _ in range(40))
        readers.append(Reader(f"{name}({filters})", tokens.read, written, ServiceError))
    return readers


def _of_other_places(chance: random.Random) -> list[str]:
    """Tokens made with another key, and sealed contents that are no token of their kind."""
    others = [seal_point(_point(chance), OTHER_KEY) for _ in range(10)]
    tokens = PageTokens("ListOrders", queries.ListOrdersRequest(), OTHER_KEY)
    others += [tokens.write(_resumption(chance)) for _ in range(10)]
    others += [seal("consistency", chance.randbytes(size), KEY) for size in (0, 1, 31)]
    return others + [seal("page", chance.randbytes(size), KEY) for size in (0, 1, 47, 60)]


def _point(chance: random.Random) -> ConsistencyPoint:
    return ConsistencyPoint(
        epoch=UUID(int=chance.getrandbits(128)),
        position=chance.choice((0, 1, chance.randrange(10**6), 2**63 - 1)),
        stream=chance.choice(("", "order-42", "family-" + "x" * 128)),
        version=chance.randrange(100),
    )


def _resumption(chance: random.Random) -> Resumption:
    return Resumption(
        place=(chance.randrange(10**6), f"order-{chance.randrange(99)}", "é" * chance.choice((1, 400))),
        floor=Floor(generation=1, epoch=UUID(int=chance.getrandbits(128)), position=chance.randrange(10**6)),
    )


def _raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def main(arguments: Sequence[str]) -> int:
    """0 when all were refused."""
    count, seed = int(arguments[0]), random.SystemRandom().randrange(2**32)
    tried = try_forgeries(count, seed)
    shown = [*tried.accepted[:5], *tried.crashed[:5]]
    print("\n".join(shown))  # noqa: T201 - the command's own output
    print(  # noqa: T201 - as above
        f"seed {seed}: {tried.refused.total()} refused, {len(tried.accepted)} accepted,"
        f" {len(tried.crashed)} tripped up"
    )
    return int(bool(shown))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
