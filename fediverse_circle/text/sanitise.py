"""Strangers' HTML, made safe by an allow-list.

What is not listed is not there: elements, attributes, classes, schemes.  The words of an unknown element stay; of elements whose content
is no words (scripts, styles, drawings, formulas) nothing does.  Size and number of tags are bounded first: deep nesting is quadratic.
"""

import re

import nh3

from fediverse_circle.text.plain import calm

LONGEST = 100_000
_MOST_TAGS = 4000
_WITHOUT_WORDS = "script style title template noscript noembed noframes iframe object svg math select textarea xmp audio video canvas"
_IN_LINES = "b strong i em u s del code ruby rt rp br"
_WITH_LANGUAGE = "p span a blockquote pre ul ol li"
_HEADINGS = "h1 h2 h3 h4 h5 h6"
_HEADING = re.compile(r"<(/?)h[1-6]>")

_cleaner = nh3.Cleaner(
    tags={*_IN_LINES.split(), *_WITH_LANGUAGE.split(), *_HEADINGS.split()},
    clean_content_tags=set(_WITHOUT_WORDS.split()),
    attributes={tag: {"lang"} for tag in _WITH_LANGUAGE.split()} | {"a": {"href", "lang"}, "*": set()},  # without "*": nh3 adds its own
    allowed_classes={
        "a": {"mention", "hashtag", "u-url"},
        "span": {"h-card", "mention", "invisible", "ellipsis"},
        "p": {"quote-inline"},
    },
    url_schemes={"http", "https"},
    url_relative="deny",
    link_rel="nofollow noopener noreferrer",
    strip_comments=True,
)


def sanitise(html: str) -> str:
    """The HTML that may be shown: allowed elements, attributes `href rel class lang`, links to http and https that vouch for nothing."""
    cut = "<".join(html[:LONGEST].split("<", _MOST_TAGS)[:_MOST_TAGS])
    clean = calm(_cleaner.clean(cut.encode("utf-8", "replace").decode()))
    return _HEADING.sub(_as_strong_paragraph, clean)


def _as_strong_paragraph(tag: re.Match[str]) -> str:
    """A heading as Mastodon shows it.  In cleaned HTML these letters are a tag and nothing else: anywhere else they are escaped."""
    return "</strong></p>" if tag[1] else "<p><strong>"
