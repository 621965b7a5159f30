"""An operation said no, in words that help."""


class Refused(Exception):
    """The message is shown to whoever asked; it says what to do instead and holds no personal data."""
