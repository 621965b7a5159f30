"""The data-subject-request portal."""
