"""Starts the projector: python -m projector."""

from projector.app import main
from service_kit.lifecycle import run

if __name__ == "__main__":
    run(main, service="projector")
