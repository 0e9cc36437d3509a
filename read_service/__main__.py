"""Runs the read service: `python -m read_service`."""

from read_service.app import main
from service_kit import lifecycle

if __name__ == "__main__":
    lifecycle.run(main, service="read")
