"""Replays data of other systems through the write service's own API."""
