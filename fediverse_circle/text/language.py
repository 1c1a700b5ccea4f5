"""Names of languages, as BCP 47 writes them."""

import re

_TAG = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{1,8}){0,4})")


def language_tag(text: str) -> str | None:
    """The tag if it has the form of one, its language in lower case; None otherwise.  (Whether such a language exists nobody asks.)"""
    tag = _TAG.fullmatch(text)
    return tag[1].lower() + tag[2] if tag else None
