"""What schemathesis cannot read from the document: names that exist, and bodies of tar.

Every other request is brought close to what the server knows, so that it gets past the first check; the rest stay wild.
"""

import io
import json
import tarfile
import zlib
from typing import Any

import schemathesis

KNOWN = {
    "collection": ["default"],
    "encoding_format": ["float", "base64"],
    "filter": [{"lang": "de"}, {}],
    "id": ["tides-de", "bread-es", "chess-en", "rain-fr"],
    "lang": ["auto", "de", "sw", "ja"],
    "method": ["rrf", "z-score"],
    "mix": ["scores", "interleaved", "quota:2"],
    "mode": ["hybrid", "dense", "lexical"],
    "prompt_name": ["query", "passage"],
    "stack": ["passages"],
    "title": ["Chess", ""],
    "vector": [[0.1] * 384],
}


def is_chosen(value: Any) -> bool:
    """Every other value."""
    return zlib.crc32(json.dumps(value, sort_keys=True, default=repr).encode()) % 2 == 0


def brought_close(value: Any, name: str = "") -> Any:
    """The same with known names where the server wants such."""
    known = KNOWN.get(name)
    if known and isinstance(value, type(known[0])):
        return known[len(value) % len(known)]
    if isinstance(value, dict):
        return {key: brought_close(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [brought_close(item) for item in value]
    return value


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any] | None) -> Any:
    """Collections and documents that are there, but where they are made and deleted."""
    if not path_parameters or context.operation.path == "/v1/collections/{collection}":
        return path_parameters
    if not is_chosen(path_parameters):
        return path_parameters
    return brought_close(path_parameters)


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Bodies that name what is there."""
    return brought_close(body) if is_chosen(body) else body


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """The collection that all others ask is not deleted."""
    if case.method == "DELETE" and case.path_parameters.get("collection") == "default" and case.path.endswith("{collection}"):
        case.path_parameters["collection"] = "another"


@schemathesis.serializer("application/x-tar")
def tar(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """An archive of one file, or no archive."""
    data = repr(value).encode()
    if not is_chosen(value if not isinstance(value, bytes) else value.hex()):
        return data
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as opened:
        entry = tarfile.TarInfo("adapter_config.json")
        entry.size = len(data)
        opened.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


@schemathesis.deserializer("application/x-tar")
def untarred(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """A snapshot has to be a whole archive; what the document says of it is that it is bytes."""
    with tarfile.open(fileobj=io.BytesIO(response.content)) as opened:
        return " ".join(opened.getnames())
