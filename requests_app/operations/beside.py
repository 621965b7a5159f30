"""Work that goes on beside: piece after piece, in order, in a thread of its own; only so many pieces wait."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

WAITING = 2  # pieces


class Beside:
    """Worth its thread where the work lets other threads run: digests, ciphers, files."""

    def __init__(self, work: Callable[[memoryview], None]) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1)
        self._pieces: deque[Future[None]] = deque()

    def take(self, piece: memoryview) -> None:
        """Have it done; waits while as many as may are waiting. Raises what came of an earlier one."""
        while len(self._pieces) >= WAITING:
            self._pieces.popleft().result()
        self._pieces.append(self._thread.submit(self._work, piece))

    def end(self) -> None:
        """Wait until all is done; raises what came of it."""
        while self._pieces:
            self._pieces.popleft().result()

    def leave(self) -> None:
        """Give up what waits, and end the thread."""
        self._thread.shutdown(cancel_futures=True)
