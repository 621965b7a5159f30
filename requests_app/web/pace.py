"""Answers that take as long as each other, so that their time tells nothing."""

import time

STEP_SECONDS = 0.25  # above what the longest of them takes on a machine at ease


def wait_from(started: float) -> None:
    """Sleep until a whole number of steps has passed since `started`, a value of time.monotonic()."""
    time.sleep(STEP_SECONDS - (time.monotonic() - started) % STEP_SECONDS)
