"""What is named in typed text: links, people, tags.

The rules are Mastodon's, so that a text means the same there: `@name` and `@name@host` where no word, slash or equals sign stands before
(no e-mail address, no part of a URL), `#tag` with a letter in it, links only with their scheme.  One walk from left to right; what one
thing has taken belongs to no other.
"""

import re
import unicodedata
from dataclasses import dataclass

from fediverse_circle.core.urls import LONGEST, BadUrl, Url, normal_host, parse_url

_SIGN = re.compile(r"https?://|[@#＃]", re.IGNORECASE)
_NAME = re.compile(r"@([a-z0-9_]++(?:[.-]++[a-z0-9_]++)*+)", re.IGNORECASE)
_PORT = re.compile(r":[1-9][0-9]{3,4}(?![0-9])")  # of a server on this very machine: elsewhere a colon ends the name
_REST = re.compile(r"[/?#](?:[^\s<>()]++|\((?:[^\s<>()]++|\([^\s<>()]*+\))*+\))*+")  # parentheses it opens and closes, two deep
_NO_LINK_END = "?!*'\":;,.$%[]{}~|&@"
_TAG_SEPARATORS = "·・\u200c"


@dataclass(frozen=True, slots=True)
class Link:
    """A URL with its scheme."""

    start: int
    end: int
    url: Url


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody's name, of this server (host is None) or with the host, in its normal form."""

    start: int
    end: int
    name: str
    host: str | None

    @property
    def handle(self) -> str:
        """What names them, in one spelling: `name` or `name@host`, in lower case, the host in A-labels."""
        return self.name.lower() if self.host is None else f"{self.name.lower()}@{self.host}"


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A word to be found by."""

    start: int
    end: int
    shown: str

    @property
    def name(self) -> str:
        """The tag in one spelling: compatible forms and cases are the same."""
        return unicodedata.normalize("NFKC", self.shown).lower()


Named = Link | Mention | Hashtag


def named_in(text: str) -> list[Named]:
    """Links, mentions and tags of a text, in order."""
    found: list[Named] = []
    at = 0
    while sign := _SIGN.search(text, at):
        match text[sign.start()]:
            case "@":
                one: Named | None = _mention(text, sign.start())
            case "#" | "＃":
                one = _hashtag(text, sign.start())
            case _:
                one = _link(text, sign.start(), sign.end())
        if one is not None:
            found.append(one)
        at = one.end if one is not None else sign.end()
    return found


def mentions_in(text: str) -> list[str]:
    """The handles of everybody a text mentions, each once, in order."""
    return list(dict.fromkeys(one.handle for one in named_in(text) if isinstance(one, Mention)))


def _mention(text: str, start: int) -> Mention | None:
    name = _NAME.match(text, start)
    if name is None or (start and (text[start - 1] in "=/" or _is_of_word(text[start - 1]))):
        return None
    end, host = name.end(), None
    if text.startswith("@", end) and end + 1 < len(text) and _is_of_word(text[end + 1]):
        from_host, end = end + 1, _end_of_words(text, end + 1, ".-")
        try:
            host = normal_host(text[from_host:end])
        except BadUrl:
            return None
        if host.endswith(".localhost") and (port := _PORT.match(text, end)):
            host, end = host + port[0], port.end()
    if end < len(text) and (text[end] == "@" or _is_of_word(text[end]) or text.startswith("://", end)):
        return None
    return Mention(start, end, name[1], host)


def _hashtag(text: str, start: int) -> Hashtag | None:
    if start and (text[start - 1] in "=/)" or _is_of_word(text[start - 1])):
        return None
    end = _end_of_words(text, start + 1, _TAG_SEPARATORS)
    shown = text[start + 1 : end]
    return Hashtag(start, end, shown) if any(map(str.isalpha, shown)) and _is_of_word(shown[0]) else None


def _link(text: str, start: int, after_scheme: int) -> Link | None:
    if start and (text[start - 1] in "@＠$#＃" or (text[start - 1].isascii() and text[start - 1].isalnum())):
        return None
    end = _end_of_words(text, after_scheme, ".-:@")
    if rest := _REST.match(text, end, start + LONGEST + 1):
        end = rest.end()
        while end > rest.start() and _belongs_to_the_sentence(text[end - 1]):
            end -= 1
    try:
        url = parse_url(text[start:end])
    except BadUrl:
        return None
    return Link(start, end, url) if "." in url.origin.host and not url.origin.is_literal else None


def _belongs_to_the_sentence(letter: str) -> bool:
    """Whether at the end of a link it is punctuation around the link."""
    return letter in _NO_LINK_END or (not letter.isascii() and unicodedata.category(letter).startswith("P"))


def _end_of_words(text: str, start: int, between: str) -> int:
    """Where words from here on end, if nothing but these signs stands between them."""
    end = place = start
    while place < len(text) and ((of_word := _is_of_word(text[place])) or text[place] in between):
        place += 1
        end = place if of_word else end
    return end


def _is_of_word(letter: str) -> bool:
    """Letters, digits, the marks on them, and the underscore, of any script."""
    return letter.isalnum() or letter == "_" or unicodedata.category(letter).startswith("M")
