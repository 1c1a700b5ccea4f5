"""What people type, as HTML."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.text.language import language_tag
from fediverse_circle.text.mentions import mentions_in
from fediverse_circle.text.plain import plain
from fediverse_circle.text.render import MentionTarget, Rendered, rendered
from fediverse_circle.text.sanitise import sanitise

from .test_sanitise import TAG, inspected

PEOPLE = {
    "mia": MentionTarget("https://v.example/@mia", "mia"),
    "mo@w.example": MentionTarget("https://w.example/@mo?a&b", "mo@w.example"),
    "mia@w.example": MentionTarget("https://w.example/@mia", "mia@w.example"),
}


def html_of(text: str) -> Rendered:
    return rendered(text, PEOPLE, lambda name: f"https://v.example/tags/{name}")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (" \n \n", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo\n\nthree\n\n\n\nfour\n", "<p>one<br>two</p><p>three</p><p>four</p>"),
        ("one\r\ntwo\r\n\r\nthree", "<p>one<br>two</p><p>three</p>"),
        ("one\n \t\ntwo", "<p>one</p><p>two</p>"),
        ("a < b && c > \"d\" 'e' &lt;", "<p>a &lt; b &amp;&amp; c &gt; \"d\" 'e' &amp;lt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("*stars* _and_ `ticks` [stay](https)", "<p>*stars* _and_ `ticks` [stay](https)</p>"),
        ("cod.\u202eexe\x00", "<p>cod.exe</p>"),
    ],
)
def test_paragraphs_and_lines_are_kept_and_everything_else_is_words(text: str, html: str) -> None:
    assert html_of(text).html == html


def test_a_short_link_shows_itself_without_its_scheme() -> None:
    assert html_of("https://www.W.example/a?b&c").html == (
        '<p><a href="https://www.w.example/a?b&amp;c" rel="nofollow noopener noreferrer">'
        '<span class="invisible">https://www.</span><span>W.example/a?b&amp;c</span></a></p>'
    )


def test_a_long_link_shows_its_first_thirty_letters_and_can_be_copied_whole() -> None:
    html = html_of("see http://w.example/" + "a" * 30 + ".").html
    assert html == (
        f'<p>see <a href="http://w.example/{"a" * 30}" rel="nofollow noopener noreferrer"><span class="invisible">http://</span>'
        f'<span class="ellipsis">w.example/{"a" * 20}</span><span class="invisible">{"a" * 10}</span></a>.</p>'
    )
    assert plain(html) == "see http://w.example/" + "a" * 30 + "."


def test_a_link_to_another_script_leads_where_its_name_is_registered() -> None:
    html = html_of("https://bücher.example/ä").html
    assert 'href="https://xn--bcher-kva.example/ä"' in html
    assert "<span>bücher.example/ä</span>" in html


def test_people_who_are_known_are_linked_and_others_are_not() -> None:
    result = html_of("@mia, @MO@W.example! @nora @nora@w.example mia@w.example")
    assert result.html == (
        '<p><span class="h-card"><a href="https://v.example/@mia" class="u-url mention">@<span>mia</span></a></span>, '
        '<span class="h-card"><a href="https://w.example/@mo?a&amp;b" class="u-url mention">@<span>mo</span></a></span>! '
        "@nora @nora@w.example mia@w.example</p>"
    )
    assert result.mentioned == ("mia", "mo@w.example")


def test_namesakes_are_told_apart_by_their_servers() -> None:
    html = html_of("@mia and @mia@w.example and @mo@w.example").html
    assert [part.split("<")[0] for part in html.split("@<span>")[1:]] == ["mia", "mia@w.example", "mo"]
    assert "@<span>mia</span>" in html_of("@mia@w.example and @mia@w.example").html


def test_tags_are_linked_by_their_name_and_shown_as_typed() -> None:
    result = html_of("#Cats #ｃａｔｓ #日本 #Cats")
    assert result.html.startswith('<p><a href="https://v.example/tags/cats" class="mention hashtag" rel="tag">#<span>Cats</span></a> ')
    assert [(tag.name, tag.shown) for tag in result.tags] == [("cats", "Cats"), ("日本", "日本")]


def test_what_is_named_is_what_the_finder_found() -> None:
    text = "@mia @mo@w.example @nora #a https://w.example/@mia"
    assert set(html_of(text).mentioned) == set(mentions_in(text)) & set(PEOPLE)


BITS = [*"<>&\"'@#/:. \n()", "mia", "@mo@w.example", "https://w.example/", "é", "\u202e", "\x00", "onx=", "script", "\ud800"]
NASTY = st.lists(st.sampled_from(BITS), max_size=30).map("".join)


@given(NASTY)
def test_nothing_typed_becomes_markup_that_strangers_could_not_send(text: str) -> None:
    html = html_of(text).html
    clean = sanitise(html)
    inspected(clean)
    assert "<" not in TAG.sub("", html)
    assert {tag.strip("</>").split()[0] for tag in TAG.findall(html)} <= {"p", "br", "span", "a"}
    without_rel = [part.replace(' rel="nofollow noopener noreferrer"', "").replace(' rel="tag"', "") for part in (html, clean)]
    assert unescape(without_rel[0]) == unescape(without_rel[1])


def test_markup_between_names_stays_words() -> None:
    html = html_of("<b> @mia <i> @nora <u> #x <s> https://w.example <a>").html
    assert [f"&lt;{letter}&gt;" in html for letter in "biusa"] == [True] * 5
    inspected(sanitise(html))
    assert plain(html) == "<b> @mia <i> @nora <u> #x <s> https://w.example <a>"


def test_a_hostile_address_of_a_person_or_a_tag_stays_inside_its_attribute() -> None:
    evil = '"><script>alert(1)</script>'
    html = rendered("@mia #tag", {"mia": MentionTarget(evil, evil)}, lambda name: evil).html
    assert "<script" not in html
    inspected(sanitise(html))


@pytest.mark.parametrize(("text", "tag"), [("de", "de"), ("EN", "en"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW"), ("cnr", "cnr")])
def test_a_language_has_two_or_three_letters_and_perhaps_more_parts(text: str, tag: str) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize("text", ["", "d", "deutsch", "de_DE", "de-", "de-" + "a" * 9, "de\n", "<b>", "de" + "-a" * 100, "éé"])
def test_what_has_not_the_form_of_a_language_is_none(text: str) -> None:
    assert language_tag(text) is None
