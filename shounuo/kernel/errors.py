"""Expected failures: what a person did that cannot be done, told in words.

Services raise a `Problem`; the shell turns it into a form error, an RFC 9457 problem document or a page.
Anything else that is raised is a fault of ours.
"""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """Base of expected failures. `code` is stable for machines, the message is for people (translated, lazily)."""

    code = "problem"
    status = 400

    def __init__(
        self, message: Any, *, code: str | None = None, field: str | None = None, **extra: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.extra = extra
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class Invalid(Problem):
    """What was given cannot be used; `field` names where."""

    code = "invalid"
    status = 422


class NotAllowed(Problem):
    """The actor may not do this."""

    code = "not_allowed"
    status = 403


class NotFound(Problem):
    """There is no such thing, or the actor may not know of it."""

    code = "not_found"
    status = 404


class Conflict(Problem):
    """The thing is no longer in the state that the act needs."""

    code = "conflict"
    status = 409


class TooLarge(Problem):
    """More was sent than is accepted."""

    code = "too_large"
    status = 413


class TooMany(Problem):
    """A rate limit was reached; `retry_after` in whole seconds."""

    code = "too_many"
    status = 429

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Problem):
    """Something outside does not answer now."""

    code = "unavailable"
    status = 503
    retry_after = 5
