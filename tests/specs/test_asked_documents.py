"""A single document is asked for in the words that any operation is asked for in."""

import json

import pytest

from read_store import Document
from read_store.snapshot import as_json


@pytest.mark.parametrize("joins", [(), ("product_units",), ("a", 'b"')])
@pytest.mark.parametrize(
    "id_", ["mug", "", "ü", '"', "\\", "\n\0\x1f", "\u2028", "𝄞", '","joins":["x"],"id":"']
)
def test_its_text_says_what_its_request_says(id_: str, joins: tuple[str, ...]) -> None:
    document = Document(view="order_details", id=id_, joins=joins)
    assert json.loads(as_json((document,))) == [{**document.request(), "joins": list(joins)}]
