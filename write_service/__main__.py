"""Starts the write service: python -m write_service."""

from service_kit.lifecycle import run
from write_service.app import main

if __name__ == "__main__":
    run(main, service="write")
