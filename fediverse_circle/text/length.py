"""How long a text is, as Mastodon counts: what a reader sees as one letter is one, a link is 23, a mention is as long as its name alone."""

import re
import unicodedata
from functools import lru_cache

from fediverse_circle.text.mentions import Hashtag, Link, Mention, Named, named_in

LINK_LENGTH = 23

# Grapheme clusters as the expression of Unicode's UAX 29, table 1c, over one sign for the kind of each character.
_CLUSTER = re.compile(r"c|p*(?:l*(?:v+|wv*|y)t*|l+|t+|ff|e(?:x*ze)*|[^c])[xz]*")
_KINDS = (
    ("z", "\u200d"),
    ("x", "\u0e33\u0eb3\u200c\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"),  # what follows a letter without being a mark
    (
        "o",
        "\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c\u1a61\u1a63\u1a64\uaa7b\uaa7d",
    ),  # apart
    ("p", "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"),  # signs before their numbers
    ("f", "\U0001f1e6-\U0001f1ff"),  # halves of flags
    ("l", "\u1100-\u115f\ua960-\ua97c"),  # parts of Korean syllables: at the start, in the middle, at the end
    ("v", "\u1160-\u11a7\ud7b0-\ud7c6"),
    ("t", "\u11a8-\u11ff\ud7cb-\ud7fb"),
)
_KIND = re.compile("|".join(f"(?P<{kind}>[{letters}])" for kind, letters in _KINDS))
_OF_CATEGORY = {"Cc": "c", "Cf": "c", "Zl": "c", "Zp": "c", "Mn": "x", "Me": "x", "Mc": "x", "So": "e", "Sm": "e"}


def length(text: str, warning: str) -> int:
    """The length of a post: its text, and its warning word for word."""
    counted, at = [], 0
    for one in named_in(text):
        counted += [text[at : one.start], _in_place_of(one, text[one.start : one.end])]
        at = one.end
    return letters("".join(counted) + text[at:]) + letters(warning)


def _in_place_of(one: Named, typed: str) -> str:
    match one:
        case Link():
            return "x" * LINK_LENGTH
        case Mention(_, _, name, _):
            return f"@{name}"
        case Hashtag():
            return typed


def letters(text: str) -> int:
    """How many letters a reader sees.  (Marks without end on one letter are one: whoever stores a text bounds its bytes as well.)"""
    return len(_CLUSTER.findall("".join(map(_kind, text.replace("\r\n", "\n")))))


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    """What a character is to its neighbours, as a sign of `_CLUSTER`.  Symbols count as pictograms: only a joiner between two shows it."""
    if special := _KIND.match(letter):
        return str(special.lastgroup)
    if "가" <= letter <= "힣":
        return "y" if (ord(letter) - ord("가")) % 28 else "w"
    if "\U0001f000" <= letter <= "\U0001fffd":
        return "e"
    return _OF_CATEGORY.get(unicodedata.category(letter), "o")
