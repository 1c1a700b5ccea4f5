"""Who is asking: apps, consent, codes, tokens, scopes; `caller` for every surface that is reached by token.

Here: what OAuth asks of a server, and passwords.  Not here: the pages on which people sign in and consent (web), and what a caller may then do.
"""

from typing import Final

from fediverse_circle.oauth import apps, metadata, tokens
from fediverse_circle.oauth.errors import refusal

ROUTES: Final = (apps.routes, tokens.routes, metadata.routes)

__all__ = ["ROUTES", "refusal"]
