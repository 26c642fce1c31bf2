"""What a server says when it does not do what it is asked."""

from __future__ import annotations

from typing import Any


class XenoglotError(Exception):
    """Anything that this package raises by itself."""


class ApiError(XenoglotError):
    """A problem of RFC 9457: the status, what is wrong, and the field that is."""

    def __init__(self, status: int, detail: str, field: str | None = None, retry_after: float | None = None) -> None:
        at = f" ({field})" if field else ""
        super().__init__(f"{status}: {detail}{at}")
        self.status = status
        self.detail = detail
        self.field = field
        self.retry_after = retry_after


class TooManyRequests(ApiError):
    """429: the server has more to do than it can keep; `retry_after` says when to come back, in seconds."""


def error_of(status: int, body: Any, text: str, retry_after: str | None) -> ApiError:
    """The error that a response of this status and body is; the body may be anything."""
    problem = body if isinstance(body, dict) else {}
    detail = problem.get("detail") or problem.get("error") or text or "no reason given"
    seconds: float | None
    try:
        seconds = float(retry_after) if retry_after is not None else None
    except ValueError:
        seconds = None
    kind = TooManyRequests if status == 429 else ApiError
    return kind(status, str(detail), problem.get("field"), seconds)
