"""Pages for people, whole without JavaScript: sign-in, coming to live here, settings, letting an app in, what strangers may see.

Here: pages, their templates, their style, the cookies behind them.  Not here: SQL, the client API, and what a deed does.
"""

from typing import Final

from fediverse_circle.web import render
from fediverse_circle.web.errors import refusal
from fediverse_circle.web.pages import authorise, joining, landing, profile, settings, signing_in

ROUTES: Final = (landing.routes, signing_in.routes, joining.routes, settings.routes, authorise.routes, profile.routes, render.routes)

__all__ = ["ROUTES", "refusal"]
