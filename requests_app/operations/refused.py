"""An operation said no, in words that help."""


class Refused(Exception):
    """The message is shown to whoever asked; it says what to do instead and holds no personal data."""


class RoleMissing(Refused):
    """The account does not hold a role that includes this, whatever else it may be."""
