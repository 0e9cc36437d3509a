"""Starts Postgres, Valkey and the three processes on one machine, and keeps them running."""
