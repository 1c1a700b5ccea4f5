"""The follow that an answer is about."""

from fediverse_circle.domain.actors import Follow
from fediverse_circle.federation.heard import Heard
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows
from fediverse_circle.vocab import EmbeddedActivity, Ref


async def answered(here: Site, heard: Heard) -> Follow | None:
    """The follow or request that the speaker answers: named by its id, else by its two people.  None unless it was they who were asked."""
    db = here.db.pool
    match heard.activity.object:
        case Ref(uri):
            found = await follows.by_uri(db, uri)
        case EmbeddedActivity("Follow", uri, actor, target):
            found = await follows.by_uri(db, uri) if uri is not None else None
            if found is None and actor is not None and target == heard.by.uri and (follower := await actors.by_uri(db, actor)) is not None:
                found = await follows.of_pair(db, follower.id, heard.by.id)
        case _:
            return None
    return found if found is not None and found.target_id == heard.by.id else None
