"""The Web, as far as the operator's grant reaches."""

from __future__ import annotations

import json as _json
from dataclasses import dataclass
from typing import Any, Mapping

from wit_world.imports import http as raw

from ._errors import ask


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status."""

    status: int
    url: str
    headers: Mapping[str, str]
    content: str | bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text; bytes are taken for UTF-8."""
        return self.content if isinstance(self.content, str) else self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The value that the body says as JSON."""
        return _json.loads(self.content)


def fetch(
    url: str,
    *,
    method: str = "get",
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    json: object = None,
    timeout_ms: int | None = None,
    max_bytes: int | None = None,
) -> Response:
    """Makes a request and waits for the answer. A status such as 404 is an answer."""
    sent = dict(headers or {})
    if json is not None:
        sent.setdefault("content-type", "application/json")
        body = _json.dumps(json)
    said = body.encode() if isinstance(body, str) else body
    all_headers = [raw.Header(name, value) for name, value in sent.items()]
    request = raw.Request(raw.Method[method.upper()], url, all_headers, said, timeout_ms, max_bytes)
    answer = ask("http", raw.fetch, request)
    return Response(answer.status, answer.url, {it.name: it.value for it in answer.headers}, answer.body.value)
