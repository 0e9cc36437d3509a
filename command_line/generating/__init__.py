"""Makes up realistic data and sends it through the write service's own API."""
