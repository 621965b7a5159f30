"""What must hold at a million requests, measured. `make bench` runs it on a PostgreSQL of its own."""

import os

import django
from django.apps import apps

if "DJANGO_SETTINGS_MODULE" in os.environ and not apps.ready:
    django.setup()
