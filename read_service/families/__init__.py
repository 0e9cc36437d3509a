"""The queries of the families domain."""
