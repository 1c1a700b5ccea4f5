"""The Link header: the one way that some clients know from page to page."""

from collections.abc import Sequence

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.paging import Page

_CURSORS = frozenset({"max_id", "since_id", "min_id", "access_token"})


def link(request: web.Request, page: Page, numbers: Sequence[int]) -> str | None:
    """The pages before and after one with these numbers (newest first): `next` first; none after the last."""
    if not numbers:
        return None
    kept = [(name, value) for name, value in request.query.items() if name not in _CURSORS]
    origin = str(site.of(request).settings.origin)

    def page_of(cursor: str, number: int, relation: str) -> str:
        url = request.rel_url.with_query([*kept, (cursor, str(number))])
        return f'<{origin}{url.raw_path_qs}>; rel="{relation}"'

    further = [] if len(numbers) < page.limit else [page_of("max_id", numbers[-1], "next")]
    return ", ".join([*further, page_of("min_id", numbers[0], "prev")])
