"""What every attack starts from: a published policy, a place for files, and what mail would bring."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured


@pytest.fixture(autouse=True, scope="session")
def _static_root() -> None:
    """WhiteNoise warns of a folder that is not there, and warnings are errors."""
    Path(configured.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
