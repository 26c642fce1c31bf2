"""Ask in one language, find in every language: a typed client of Xenoglot's HTTP API."""

from .client import AsyncClient, Client
from .errors import ApiError, TooManyRequests, XenoglotError
from .types import (
    Collection,
    Document,
    Embeddings,
    Hit,
    LineResult,
    Ranked,
    Reranked,
    SearchAnswer,
    Span,
    Stage,
    WriteAnswer,
)

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "Collection",
    "Document",
    "Embeddings",
    "Hit",
    "LineResult",
    "Ranked",
    "Reranked",
    "SearchAnswer",
    "Span",
    "Stage",
    "TooManyRequests",
    "WriteAnswer",
    "XenoglotError",
]
__version__ = "0.1.0"
