"""The staff's side. Importing it registers every page with Django's admin site."""

from . import accounts, notices, policy, queue, site

__all__ = ["accounts", "notices", "policy", "queue", "site"]
