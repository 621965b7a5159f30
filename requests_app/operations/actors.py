"""Who acts."""

from dataclasses import dataclass
from typing import Self

from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A role and an opaque reference; never a name."""

    role: str
    ref: str = ""
    user: User | None = None

    @classmethod
    def person(cls) -> Self:
        """The requester."""
        return cls("person")

    @classmethod
    def agent(cls) -> Self:
        """Whoever files for somebody else: an authorised agent, a guardian, or who reports an account of a child."""
        return cls("agent")

    @classmethod
    def contact(cls, pk: object) -> Self:
        """Whoever reads the mail of another address of the case."""
        return cls("contact", str(pk))

    @classmethod
    def department(cls, pk: object) -> Self:
        """Whoever came by the link of a department's task; `pk` of the link."""
        return cls("department", str(pk))

    @classmethod
    def staff(cls, user: User) -> Self:
        """A member of the privacy team."""
        return cls("staff", str(user.pk), user)

    @classmethod
    def system(cls) -> Self:
        """A sweep."""
        return cls("system")
