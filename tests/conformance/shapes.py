"""What answers must look like: the public description of Mastodon's API, and what strict clients refuse beyond it."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = json.loads((Path(__file__).parents[1] / "vectors" / "mastodon_shapes.json").read_text())
REGISTRY: Registry[Any] = Registry().with_resource("urn:shapes", Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))
TEMPLATES = [
    (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$"), path)
    for path in sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))  # literal paths match first
]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[0-9]+")


def problems(method: str, path: str, status: int, body: Any) -> list[str] | None:
    """What does not fit, one line each; None where no shape is described."""
    validator = _validator(method.lower(), path, str(status))
    if validator is None:
        return None
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for found in validator.iter_errors(body) for e in _leaves(found)]


WRONG = {  # where the description is not what Mastodon answers and apps decode
    ("get", "/api/v1/filters"): {"type": "array", "items": {"$ref": "urn:shapes#/components/schemas/V1Filter"}},
}


def is_described(method: str, path: str) -> bool:
    return _template(method.lower(), path) is not None


def scopes(method: str, path: str) -> set[str]:
    """Any one of these opens the operation; none: nothing is said about it."""
    template = _template(method.lower(), path)
    return set(DOCUMENT["scopes"][template][method.lower()]) if template else set()


def _template(method: str, path: str) -> str | None:
    return next((path_ for pattern, path_ in TEMPLATES if pattern.match(path) and method in DOCUMENT["paths"][path_]), None)


@functools.cache
def _validator(method: str, path: str, status: str) -> Draft202012Validator | None:
    template = _template(method, path)
    if template is None or status not in DOCUMENT["paths"][template][method]:
        return None
    if (method, template) in WRONG and status == "200":
        return Draft202012Validator(WRONG[method, template], registry=REGISTRY)
    place = template.replace("~", "~0").replace("/", "~1")
    return Draft202012Validator({"$ref": f"urn:shapes#/paths/{place}/{method}/{status}"}, registry=REGISTRY)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Of alternatives, the branch that came nearest."""
    if not error.context:
        yield error
        return
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    for inner in min(branches.values(), key=len):
        yield from _leaves(inner)


STATUS = """id uri created_at account visibility sensitive spoiler_text content media_attachments mentions tags emojis filtered
    replies_count reblogs_count favourites_count"""
ACCOUNT = """id username acct display_name url uri note created_at locked bot group indexable emojis fields avatar avatar_static header
    header_static followers_count following_count statuses_count"""
STRICT = {  # what strict decoders want neither missing nor null, wherever the entity stands; known by a field that only it has
    "spoiler_text+visibility": STATUS,
    "acct+followers_count": ACCOUNT,
    "source+acct": f"{ACCOUNT} role source",
    "follow_requests_count+privacy": "privacy sensitive note fields indexable follow_requests_count",
    "group_key+type": "id type created_at account group_key",
    "showing_reblogs": """id following followed_by requested requested_by blocking blocked_by muting muting_notifications notifying endorsed
        domain_blocking showing_reblogs note""",
    "ancestors": "ancestors descendants",
    "hashtags": "accounts statuses hashtags",
    "last_read_id": "last_read_id version updated_at",
    "permissions": "id name permissions color highlighted",
    "version+configuration": "title version description languages configuration rules",
    "max_characters": "max_characters max_media_attachments characters_reserved_per_url",
    "max_options": "max_options max_characters_per_option min_expiration max_expiration",
}
ADDRESSES = {"url", "uri", "avatar", "avatar_static", "header", "header_static"}
DATES = {"created_at", "edited_at", "updated_at", "published_at"}


def strictness(value: Any, where: str = "") -> Iterator[str]:
    """What strict decoders stumble over, wherever it is nested."""
    match value:
        case dict():
            for marks, wanted in STRICT.items():
                if all(mark in value for mark in marks.split("+")):
                    yield from (f"{where}.{field} is missing or null" for field in wanted.split() if value.get(field) is None)
            for key, inner in value.items():
                place = f"{where}.{key}"
                if key in {"id", "in_reply_to_id", "last_read_id"} and isinstance(inner, int):
                    yield f"{place} is a number"
                if key in DATES and inner is not None and not DATE.fullmatch(inner):
                    yield f"{place} is no date with three digits: {inner}"
                if (key == "id" or key.endswith("_id")) and isinstance(inner, str) and not ID.fullmatch(inner) and inner != "-99":
                    yield f"{place} is not made of digits: {inner}"
                if key in ADDRESSES and "acct" in value and not str(inner).startswith("https://"):
                    yield f"{place} is no address: {inner}"
                yield from strictness(inner, place)
        case list():
            for place, inner in enumerate(value):
                yield from strictness(inner, f"{where}[{place}]")
