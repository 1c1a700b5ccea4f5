"""What a page of posts is shown with: for whom each is, whom it names, what answers it, as far as the viewer may know."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.audience import Audience, Followers, InCircle, Person, Public
from fediverse_circle.domain.post import Post
from fediverse_circle.store.db import Reader

_KINDS: Mapping[str, type[Audience]] = {"public": Public, "followers": Followers, "circle": InCircle, "actor": Person}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Around one post: the kinds of its audience, whom it names, how many answers the viewer may read, and whom it answers, if they may read that."""

    kinds: Set[type[Audience]]
    mentioned: Sequence[ActorId]
    answers: int
    answered: ActorId | None


async def of(db: Reader, viewer: ActorId | None, posts: Sequence[Post]) -> dict[PostId, Surroundings]:
    """The surroundings of posts that the viewer may read."""
    records = await db.fetch(
        """select s.id,
                  array(select a.kind::text from post_audience a where a.post_id = s.id) as kinds,
                  array(select m.actor_id from mention m where m.post_id = s.id order by m.actor_id) as mentioned,
                  (select count(*) from visible_posts($1) p where p.in_reply_to = s.id) as answers,
                  (select p.author_id from visible_posts($1) p where p.id = s.parent) as answered
             from unnest($2::bigint[], $3::bigint[]) s(id, parent)""",
        viewer,
        [post.id for post in posts],
        [post.in_reply_to for post in posts],
    )
    return {
        PostId(number): Surroundings({_KINDS[kind] for kind in kinds}, mentioned, answers, answered)
        for number, kinds, mentioned, answers, answered in records
    }
