"""The API's description as a page: rendered here from OpenAPI, without scripts and without anybody else's server."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Response

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111}"
    "code,pre{background:#f2f2f2;padding:.1em .3em}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;text-align:left;vertical-align:top;padding:.3em .6em}"
    "h2{margin-top:2em;border-top:2px solid #111}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CSP = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
"""The page has one style sheet inside it and nothing else."""


def docs_router(app: FastAPI) -> APIRouter:
    """The route `/docs`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> Response:
        return Response(page(app.openapi()), media_type="text/html", headers={"Content-Security-Policy": CSP})

    return router


def page(document: dict[str, Any]) -> str:
    """An HTML page of an OpenAPI document: operations with headers, bodies and answers, then every schema."""
    parts = ["".join(_operations(document)), "<h2>Schemas</h2>", "".join(_schemas(document))]
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(info["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{_text(info['title'])} {_text(info['version'])}</h1>"
        f'<p>{_text(info["description"])}</p><p>As a file: <a href="/openapi.json">openapi.json</a></p>'
        f"{''.join(parts)}</body></html>"
    )


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {_text(path)}</code></h2>"
            yield f"<p>{_text(operation.get('description', ''))}</p>"
            body = operation.get("requestBody")
            if body is not None:
                schema = body["content"]["application/json"]["schema"]
                yield f"<p>Body: {_type(schema)}. {_text(body['description'])}</p>"
            rows = [
                (_code(one["name"]), one["in"], "yes" if one["required"] else "no", _text(one["description"]))
                for one in operation.get("parameters", ())
            ]
            yield _table(("Parameter", "In", "Needed", ""), rows)
            yield _table(("Status", "Answer"), [_answer(*one) for one in sorted(operation["responses"].items())])


def _answer(status: str, response: dict[str, Any]) -> tuple[str, str]:
    kinds = [f"{_code(kind)} {_type(content['schema'])}" for kind, content in response.get("content", {}).items()]
    headers = [f"{_code(name)} {_text(header['description'])}" for name, header in response.get("headers", {}).items()]
    return status, "<br>".join([_text(response["description"]), *kinds, *headers])


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="{_text(name)}">{_text(name)}</h3><p>{_text(schema.get("description", ""))}</p>'
        needed = schema.get("required", ())
        rows = [
            (_code(field), _type(one), "yes" if field in needed else "no", _limits(one))
            for field, one in schema.get("properties", {}).items()
        ]
        yield _table(("Field", "Type", "Needed", ""), rows)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_text(name)}">{_text(name)}</a>'
    if "enum" in schema:
        return "one of " + ", ".join(_code(one) for one in schema["enum"])
    if "const" in schema:
        return _code(schema["const"])
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return _text(" ".join(str(schema[key]) for key in ("type", "format") if key in schema) or "any")


def _limits(schema: dict[str, Any]) -> str:
    variants = [schema, *schema.get("anyOf", ())]
    keys = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "default")
    return ", ".join(
        f"{key} {_code(one[key])}" for one in variants for key in keys if one.get(key) not in (None, [], ())
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + f"</tr>{body}</table>"


def _code(value: object) -> str:
    return f"<code>{html.escape(str(value))}</code>"


def _text(value: object) -> str:
    return html.escape(str(value)).replace("\n\n", "<br>")
