"""What the server says of itself.  It counts nobody and names no peers: a list of them would tell where circles reach."""

from html import escape

from aiohttp import web

from fediverse_circle import __version__, site
from fediverse_circle.actions.profiles import LONGEST_LINE, LONGEST_NOTE, MOST_LINES
from fediverse_circle.domain.credentials import LONGEST_DISPLAY_NAME
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.dates import date
from fediverse_circle.mastodon.entities.people import AVATAR, HEADER
from fediverse_circle.mastodon.writing import LONGEST
from fediverse_circle.store import actors
from fediverse_circle.text.length import LINK_LENGTH

routes = web.RouteTableDef()

VERSION = f"4.5.0 (compatible; fediverse_circle {__version__})"  # begins with a number: some read a number, some a semantic version
API_VERSION = 1  # what clients may expect: from 2 on they ask for grouped notifications alone
INVITED = "New accounts are made by invitation: ask somebody who lives here for a link."

# Limits of what does not exist yet are nought, so that no client offers it
MEDIA = {
    "supported_mime_types": [],
    "description_limit": 0,
    "image_size_limit": 0,
    "image_matrix_limit": 0,
    "video_size_limit": 0,
    "video_frame_rate_limit": 0,
    "video_matrix_limit": 0,
}
POLLS = {"max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0}
STATUSES = {"max_characters": LONGEST, "max_media_attachments": 0, "characters_reserved_per_url": LINK_LENGTH}
ACCOUNTS = {
    "max_featured_tags": 0,
    "max_pinned_statuses": 0,
    "max_display_name_length": LONGEST_DISPLAY_NAME,
    "max_note_length": LONGEST_NOTE,
    "max_profile_fields": MOST_LINES,
    "profile_field_name_limit": LONGEST_LINE,
    "profile_field_value_limit": LONGEST_LINE,
}


@routes.get("/api/v2/instance")
async def second(request: web.Request) -> web.Response:
    """What the server is and can do."""
    settings = site.of(request).settings
    origin = str(settings.origin)
    return answer(
        {
            "domain": settings.handle_domain,
            "title": settings.name,
            "version": VERSION,
            "source_url": f"{origin}/",
            "description": settings.description,
            "usage": {"users": {"active_month": 0}},
            "thumbnail": {"url": origin + HEADER, "blurhash": None, "versions": {}, "description": ""},
            "icon": [{"src": origin + AVATAR, "size": "128x128"}],
            "languages": [],
            "configuration": {
                "urls": {},
                "accounts": ACCOUNTS,
                "statuses": STATUSES,
                "media_attachments": MEDIA,
                "polls": POLLS,
                "translation": {"enabled": False},
                "timelines_access": {
                    "live_feeds": {"local": "disabled", "remote": "disabled"},
                    "hashtag_feeds": {"local": "authenticated", "remote": "disabled"},
                },
                "limited_federation": False,
            },
            "registrations": {
                "enabled": False,
                "approval_required": False,
                "reason_required": False,
                "message": f"<p>{INVITED}</p>",
                "url": None,
                "min_age": None,
            },
            "api_versions": {"mastodon": API_VERSION},
            "contact": {"email": settings.contact or "", "account": None},
            "rules": [],
        }
    )


@routes.get("/api/v1/instance")
async def first(request: web.Request) -> web.Response:
    """The same, as older clients read it."""
    settings = site.of(request).settings
    return answer(
        {
            "uri": settings.handle_domain,
            "title": settings.name,
            "short_description": settings.description,
            "description": settings.description,
            "email": settings.contact or "",
            "version": VERSION,
            "urls": {"streaming_api": f"{settings.origin.scheme.replace('http', 'ws')}://{settings.origin.authority}"},
            "stats": {"user_count": 0, "status_count": 0, "domain_count": 0},
            "thumbnail": f"{settings.origin}{HEADER}",
            "languages": [],
            "registrations": False,
            "approval_required": False,
            "invites_enabled": False,
            "configuration": {"accounts": ACCOUNTS, "statuses": STATUSES, "media_attachments": MEDIA, "polls": POLLS},
            "contact_account": None,
            "rules": [],
        }
    )


@routes.get("/api/v1/instance/extended_description")
async def extended(request: web.Request) -> web.Response:
    """What the operator wrote about the server."""
    here = site.of(request)
    began = (await actors.by_id(here.db.pool, here.instance_actor)).published_at
    return answer({"updated_at": date(began), "content": f"<p>{escape(here.settings.description)}</p>"})
