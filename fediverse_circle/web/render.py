"""From values to a page: templates that escape everything, headers that let nothing else in."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fediverse_circle import site

_HERE: Final = Path(__file__).parent

# No script, no frame, nothing from elsewhere.  No form-action: it would stop the way back to an app after consent.
# No Cross-Origin-Opener-Policy: web clients open the authorise page in a window that they must still reach.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Vary": "Cookie",
}

routes = web.RouteTableDef()


def _named(file: str) -> tuple[str, bytes]:
    """A static file under a name that changes with what is in it, so that it may be kept for ever."""
    content = (_HERE / "static" / file).read_bytes()
    stem, _, ending = file.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{ending}", content


_STYLE: Final = _named("style.css")
_ICON: Final = _named("icon.svg")
_STATIC: Final = {_STYLE[0]: (_STYLE[1], "text/css"), _ICON[0]: (_ICON[1], "image/svg+xml")}


def _moment(when: datetime) -> str:
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"


_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"moment": _moment, "day": _day, "sanitised": Markup}
_TEMPLATES.globals |= {"style": f"/static/{_STYLE[0]}", "icon": f"/static/{_ICON[0]}"}


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A page for people."""
    text = _TEMPLATES.get_template(f"{template}.html").render(server=site.of(request).settings, **values)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


@routes.get("/static/{file}")
async def static(request: web.Request) -> web.Response:
    """Style and icon."""
    if (found := _STATIC.get(request.match_info["file"])) is None:
        raise web.HTTPNotFound
    content, kind = found
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
