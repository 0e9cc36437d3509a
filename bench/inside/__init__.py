"""What parts of the product do in one process, with no network in front of them."""
