"""Keep the store's passwords out of everything that is printed and stored."""

import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO, cast
from urllib.parse import unquote

STARS = "***"
IN_URI = re.compile(r"(://[^/\s:@]*):[^/\s]*@")
IN_QUERY = re.compile(r"(?i)([?&](?:password|token|secret)=)([^&\s'\"]+)")
OF_MLFLOW = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")


def mask(text: str) -> str:
    """Return a text with stars for the passwords of URIs, and for those of this environment."""
    for secret in _known():
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", STARS, text)
    return IN_QUERY.sub(rf"\1{STARS}", IN_URI.sub(rf"\1:{STARS}@", text))


def without_secrets(uri: str) -> str:
    """Return a URI without the user and the password that it may name."""
    return IN_QUERY.sub(r"\1", re.sub(r"(?s)://.*@", "://", uri))


def mask_output() -> None:
    """Mask all that this process prints from now on, tracebacks and what libraries log too."""
    sys.stdout, sys.stderr = _masked(sys.stdout), _masked(sys.stderr)


class _Masked:
    """A stream that masks what is written to another."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its passwords masked; return its length."""
        self._stream.write(mask(text))
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _masked(stream: TextIO) -> TextIO:
    return cast("TextIO", _Masked(stream))


def _known() -> Iterator[str]:
    """Yield the passwords of the environment, as they are and as a URI writes them."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    found = [*re.findall(r"(?s)://[^/:@]*:(.*)@", uri), *(m[2] for m in IN_QUERY.finditer(uri))]
    given = [*found, *(os.environ.get(name, "") for name in OF_MLFLOW)]
    yield from sorted(filter(None, {*given, *map(unquote, given)}), key=len, reverse=True)
