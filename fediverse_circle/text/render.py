"""What people type, as HTML: paragraphs, line ends, links, people and tags, in Mastodon's forms.  Everything else is escaped."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from fediverse_circle.text.mentions import Hashtag, Link, Mention, Named, named_in
from fediverse_circle.text.plain import calm

_SHOWN_OF_LINK = 30
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_LINE_END = "\n"
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class MentionTarget:
    """Who a handle means.  `url` leads people to their profile; `acct` is `name`, or `name@host` for people of other servers."""

    url: str
    acct: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML, and what it names: handles of `mentions` that occur, and tags, each once, in order."""

    html: str
    mentioned: tuple[str, ...]
    tags: tuple[Hashtag, ...]


def rendered(text: str, mentions: Mapping[str, MentionTarget], tag_url: Callable[[str], str]) -> Rendered:
    """The text as HTML.

    `mentions` tells who is meant by a handle (`mentions_in` gives the handles of a text); nobody else is linked.  `tag_url` gives the
    address of a tag by its name.
    """
    named = named_in(text)
    people = {one.handle: mentions[one.handle] for one in named if isinstance(one, Mention) and one.handle in mentions}
    tags = {one.name: one for one in reversed(named) if isinstance(one, Hashtag)}  # of two spellings the first
    namesakes = Counter(_name(acct) for acct in {target.acct for target in people.values()})
    shown = {handle: target.acct if namesakes[_name(target.acct)] > 1 else _name(target.acct) for handle, target in people.items()}

    def html_of(one: Named) -> str:
        typed = text[one.start : one.end]
        match one:
            case Link(_, _, url):
                return _link(typed, str(url))
            case Mention(handle=handle) if handle in people:
                return _mention(shown[handle], people[handle].url)
            case Mention():
                return escape(typed)
            case Hashtag(_, _, word):
                return _hashtag(word, tag_url(one.name))

    pieces, at = [], 0
    for one in named:
        pieces += [escape(text[at : one.start], quote=False), html_of(one)]
        at = one.end
    pieces.append(escape(text[at:], quote=False))
    return Rendered(_in_paragraphs(calm("".join(pieces)).strip()), tuple(people), tuple(sorted(tags.values(), key=lambda tag: tag.start)))


def _link(typed: str, url: str) -> str:
    """The link, of which people see the beginning, without its scheme; whoever copies it gets all of it."""
    scheme = _SCHEME.match(typed)
    start = scheme.end() if scheme else 0
    shown, rest = escape(typed[start : start + _SHOWN_OF_LINK]), escape(typed[start + _SHOWN_OF_LINK :])
    visible = f'<span class="ellipsis">{shown}</span><span class="invisible">{rest}</span>' if rest else f"<span>{shown}</span>"
    return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer"><span class="invisible">{typed[:start]}</span>{visible}</a>'


def _mention(shown: str, url: str) -> str:
    return f'<span class="h-card"><a href="{escape(url)}" class="u-url mention">@<span>{escape(shown)}</span></a></span>'


def _hashtag(shown: str, url: str) -> str:
    return f'<a href="{escape(url)}" class="mention hashtag" rel="tag">#<span>{escape(shown)}</span></a>'


def _in_paragraphs(html: str) -> str:
    if not html:
        return ""
    return "".join(f"<p>{lines.replace(_LINE_END, '<br>')}</p>" for lines in _PARAGRAPH.split(html))


def _name(acct: str) -> str:
    return acct.partition("@")[0]
