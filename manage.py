#!/usr/bin/env python
"""Django's command line for the portal."""

import base64
import os
import secrets
import sys

from django.core.management import execute_from_command_line

# Pure: reads a file of examples and no data, so it asks for no secrets. Throw-away ones let the settings load.
NEEDS_NO_SECRETS = {"deadline_vectors"}


def main() -> None:
    if set(sys.argv[1:2]) & NEEDS_NO_SECRETS and not os.environ.get("SECRET_KEY"):
        with_throw_away_secrets()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    execute_from_command_line(sys.argv)


def with_throw_away_secrets() -> None:
    for name in ("SECRET_KEY", "CODE_KEY"):
        os.environ[name] = secrets.token_urlsafe(50)
    os.environ["PACKAGE_KEY"] = secrets.token_hex(32)
    os.environ["LOOKUP_KEYS"] = "1:" + secrets.token_hex(32)
    os.environ["SUPPRESSION_KEYS"] = "1:" + secrets.token_hex(32)
    os.environ["MASTER_KEYS"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


if __name__ == "__main__":
    main()
