"""Plain words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.text.plain import calm, calm_line, plain
from fediverse_circle.text.sanitise import sanitise


def test_calm_text_has_one_kind_of_line_end_and_no_controls() -> None:
    assert calm("a\r\nb\rc\u2028d\u2029e\x0bf\x85g") == "a\nb\nc\nd\ne\nf\ng"
    assert calm("a\x00b\x1b[31mc\x7f\x9fd\te") == "ab[31mcd\te"
    assert calm("\ud800\udc00\ufffe\uffff") == ""


def test_calm_text_keeps_joiners_marks_of_direction_and_emoji() -> None:
    text = "می\u200cخواهم \u200fשלום\u200e 👩\u200d🚀❤\ufe0f"
    assert calm(text) == text


@pytest.mark.parametrize("trick", ["\u202eabc", "\u202dabc\u202c", "\u2067abc", "a\u2069\u2066bc"])
def test_calm_text_turns_nobody_round(trick: str) -> None:
    assert calm(trick) == "abc"


@given(st.text(alphabet=st.characters(), max_size=80))
def test_a_calm_line_is_one_line_of_bounded_length_that_can_be_stored(text: str) -> None:
    line = calm_line(text, 30)
    assert len(line) <= 30
    assert line == line.strip()
    assert not set(line) & set("\n\r\t\x00\u202e\u2028")
    line.encode()
    assert calm_line(line, 30) == line or not unicodedata.is_normalized("NFC", text)


def test_a_name_is_one_line_in_one_composition() -> None:
    assert calm_line("  Mia\n\tof \u202e the\r\nwood ", 100) == "Mia of the wood"
    assert calm_line("Ame\u0301lie", 100) == "Am\u00e9lie"
    assert calm_line("Mia of", 4) == "Mia"
    assert calm_line("x" * 1_000_000, 2048) == "x" * 2048


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<p>a &lt;b&gt; &amp;amp; &quot;c&quot;</p>", 'a <b> &amp; "c"'),
        ("intro<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>end", "intro\n\n- a\n- b\n\n- c\n\nend"),
        ('<p><a href="https://w.example/x"><span class="invisible">https://</span><span>w.example/x</span></a></p>', "https://w.example/x"),
        ("<blockquote><p>said</p></blockquote><p>answer</p>", "said\n\nanswer"),
        ("<pre><code>a\n  b</code></pre>", "a\n  b"),
        ("no tags at all", "no tags at all"),
        ("", ""),
    ],
)
def test_the_words_of_html_keep_their_lines(html: str, text: str) -> None:
    assert plain(html) == text


@given(st.text(alphabet="<>/&;ab \n\u202e", max_size=60))
def test_the_words_of_sanitised_html_never_raise(html: str) -> None:
    plain(sanitise(html))
