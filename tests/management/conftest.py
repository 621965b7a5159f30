"""Commands are run as an operator runs them, and what they said is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


@dataclass
class Said:
    status: int
    out: str
    err: str


@pytest.fixture
def manage() -> Callable[..., Said]:
    """`manage("sweep", "all")`: the exit status and what was printed, as the shell would see them."""

    def run(*arguments: str) -> Said:
        out, err = StringIO(), StringIO()
        status = 0
        try:
            call_command(*arguments, stdout=out, stderr=err)
        except SystemExit as end:
            status = int(end.code or 0)
        except CommandError as error:
            status = error.returncode
            err.write(str(error))
        return Said(status, out.getvalue(), err.getvalue())

    return run
