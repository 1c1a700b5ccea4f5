"""How long a text is, beside what an unmodified client's library counts."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon, utility

from fediverse_circle.text.length import length, letters


@pytest.fixture(scope="module", autouse=True)
def oracle() -> None:
    """The library counts links and mentions by itself; of the letters a reader sees it asks a package, in whose place ours stands."""
    patch = pytest.MonkeyPatch()
    patch.setattr(utility, "grapheme", SimpleNamespace(length=letters), raising=False)
    patch.setattr(utility, "IMPL_HAS_GRAPHEME", True)
    yield
    patch.undo()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("ก็ กำ", 3),
        ("नि", 1),
        ("각\u1100\u1161\u11a8", 2),
        ("👩\u200d🚀", 1),
        ("👩🏽\u200d❤\ufe0f\u200d💋\u200d👩🏿", 1),
        ("🇩🇪🇫🇷🇯", 3),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
        ("1\ufe0f\u20e3", 1),
        ("a\u200db", 2),
        ("\r\n", 1),
        ("\n\r", 2),
        ("a\u0300\u0301\u0302\u0303" * 3, 3),
        ("Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", 2),
        ("က\u103b\u102d\u102f\u1038", 2),
        ("\u0600\u0661", 1),
        ("\u0301a", 2),
        ("\u200b\u200b", 2),
    ],
)
def test_a_letter_is_what_a_reader_sees_as_one(text: str, count: int) -> None:
    assert letters(text) == count
    assert length(text, "") == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("https://w.example", 23),
        ("https://w.example/" + "a" * 500, 23),
        ("a https://w.example/a. b", 28),
        ("https://w.example/1 https://w.example/2", 47),
        ("w.example/a", 11),
        ("https://localhost/", 18),
        ("@mia", 4),
        ("@mo@w.example", 3),
        ("@mo@bücher.example, hi", 7),
        ("mo@w.example", 12),
        ("@mo@w.example @ana@v.example #tag", 13),
        ("https://w.example/@mo@w.example", 23),
    ],
)
def test_links_and_people_of_other_servers_count_alike_however_long_they_are(text: str, count: int) -> None:
    assert length(text, "") == count


def test_a_warning_counts_word_for_word() -> None:
    assert length("ab", "cd") == 4
    assert length("@mo@w.example", "@mo@w.example") == 3 + 13
    assert length("", "https://w.example/long") == 22


WORDS = st.sampled_from(
    [
        *(
            "word",
            "Wörter",
            "日本語",
            "👩\u200d🚀",
            "e\u0301",
            "🇩🇪",
            "#tag",
            "12",
            "@mia",
            "@mo@w.example",
            "@Mo_2@sub.w-x.example",
            "mo@w.example",
        ),
        *(
            "https://w.example.com",
            "http://sub.w.example.org/path/to?q=1&r=2#frag",
            "https://w.example.com/(a)",
            "https://w.example.com/@mo",
        ),
        *(
            "https://bücher.example.com/ä",
            "https://w.example.com:8443/",
            "https://nodot/",
            "ftp://w.example.com/",
            "/@mia@w.example",
            "mo@w.example",
        ),
    ]
)
BETWEEN = st.sampled_from([" ", "\n", "\n\n", ", ", ". ", " (", ") ", "! ", " - ", " … "])


@given(st.lists(st.tuples(WORDS, BETWEEN), max_size=12), st.text(max_size=5))
def test_a_text_is_as_long_as_an_unmodified_client_says(pieces: list[tuple[str, str]], warning: str) -> None:
    text = "".join(word + between for word, between in pieces)
    assert length(text, warning) == Mastodon.get_status_length(text, warning)
