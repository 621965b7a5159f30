"""The staff's side. Importing it registers every page with Django's admin site."""

from . import notices, policy, queue, site

__all__ = ["notices", "policy", "queue", "site"]
