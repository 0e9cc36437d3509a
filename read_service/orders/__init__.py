"""The queries of the orders domain."""
