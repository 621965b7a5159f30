"""Answers that take as long as each other, so that their time tells nothing."""

import time
from random import SystemRandom

STEP_SECONDS = 0.25  # above what the longest of them takes on a machine at ease
BLUR_SECONDS = 0.1  # far above what is left to see: what the database does after a write, a processor that slept longer

_random = SystemRandom()


def wait_from(started: float) -> None:
    """Sleep until a whole number of steps and a random moment have passed since `started`, from time.monotonic()."""
    elapsed = time.monotonic() - started
    time.sleep(STEP_SECONDS - elapsed % STEP_SECONDS + _random.uniform(0, BLUR_SECONDS))
