"""Makes tests/vectors/mastodon_shapes.json: of the public OpenAPI description of Mastodon's API, the answers of the routes we serve.

    python -m tests.reduce_shapes FILE

FILE is `dist/schema.json` of abraham/mastodon-openapi (the generator is MIT).  Kept are paths, codes, types, enums, `required`, formats and
scopes; no descriptions, no examples.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

from fediverse_circle import mastodon, oauth

OURS = Path(__file__).parent / "vectors" / "mastodon_shapes.json"
SOURCE = "abraham/mastodon-openapi 89b11e7 (2026-08-19), of Mastodon 4.7.0"
PROSE = {"description", "example", "examples", "title", "externalDocs", "deprecated", "default"}


def served() -> set[tuple[str, str]]:
    """Methods and paths of our routes, the names of their parameters taken away."""
    return {
        (route.method.lower(), nameless(route.path))
        for routes in (*mastodon.ROUTES, *oauth.ROUTES)
        for route in routes
        if isinstance(route, web.RouteDef)
    }


def nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def without_prose(value: Any, *, named: bool = False) -> Any:
    """The value without what people read; `named`: its keys are names of properties, not keywords."""
    match value:
        case dict():
            return {
                key: without_prose(inner, named=key == "properties" and not named)
                for key, inner in value.items()
                if named or (key not in PROSE and not key.startswith("x-"))
            }
        case list():
            return [without_prose(inner) for inner in value]
        case _:
            return value


def references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                if key == "$ref":
                    yield inner.removeprefix("#/components/schemas/")
                else:
                    yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def reduced(document: Any) -> Any:
    ours = served()
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if (method, nameless(path)) in ours:
                schemas = {
                    code: answer["content"]["application/json"]["schema"]
                    for code, answer in operation["responses"].items()
                    if "schema" in answer.get("content", {}).get("application/json", {})
                }
                paths.setdefault(path, {})[method] = without_prose(schemas)
    wanted, kept = set(references(paths)), {}
    while wanted:
        name = wanted.pop()
        kept[name] = without_prose(document["components"]["schemas"][name])
        wanted |= set(references(kept[name])) - kept.keys()
    scopes = {
        path: {
            method: [scope for way in document["paths"][path][method].get("security") or () for scope in way["OAuth2"]]
            for method in methods
        }
        for path, methods in paths.items()
    }
    return {"source": SOURCE, "paths": paths, "scopes": scopes, "components": {"schemas": dict(sorted(kept.items()))}}


if __name__ == "__main__":
    OURS.write_text(json.dumps(reduced(json.loads(Path(sys.argv[1]).read_text())), indent=1, ensure_ascii=False) + "\n")
