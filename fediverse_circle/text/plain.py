"""Plain words: strangers' text without tricks, and the text of HTML."""

import re
import unicodedata
from html.parser import HTMLParser

# Direction is a matter of single letters and marks (U+200E, U+200F, U+061C, which stay).  What opens a span of direction and need not close
# it can turn round the words of others beside it: embeddings, overrides and isolates go, and with them what databases choke on.
_NOT_CALM = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLOCKS = frozenset({"p", "blockquote", "pre", "ul", "ol"})


def calm(text: str) -> str:
    """The text with one kind of line end, without control characters and without what turns the direction of the words around it."""
    return _NOT_CALM.sub("", _LINE_ENDS.sub("\n", text))


def calm_line(text: str, longest: int) -> str:
    """One calm line of at most so many characters: names, titles, descriptions of pictures.  Canonically composed (NFC)."""
    return unicodedata.normalize("NFC", " ".join(calm(text[: 2 * longest]).split()))[:longest].rstrip()


def plain(html: str) -> str:
    """The words of sanitised HTML, with line ends where it had lines, items and paragraphs."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.words)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.words.append("\n\n")
        elif tag == "br":
            self.words.append("\n")
        elif tag == "li":
            self.words.append("\n- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.words.append("\n\n")
