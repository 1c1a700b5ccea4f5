"""Strangers' HTML: what is left of it.  A second parser, that of the standard library, looks at every result."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.text.sanitise import LONGEST, sanitise

ELEMENTS = {
    *("p", "br", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em"),
    *("ul", "ol", "li", "ruby", "rt", "rp"),
}
CLASSES = {"mention", "hashtag", "u-url", "h-card", "invisible", "ellipsis", "quote-inline"}
TAG = re.compile(r'</?[a-z]+(?: [a-z]+="[^"<>]*")*>')


class Inspector(HTMLParser):
    """Fails at whatever is not on the list; knows nothing of the sanitiser."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        given = dict(attrs)
        assert set(given) <= {"href", "rel", "class", "lang"}
        assert set((given.get("class") or "").split()) <= CLASSES
        assert ("href" not in given and "rel" not in given) or tag == "a"
        assert tag != "a" or given["rel"] == "nofollow noopener noreferrer"
        assert given.get("href", "https://") is not None
        assert re.match(r"https?://", given.get("href") or "https://", re.IGNORECASE)

    def handle_data(self, data: str) -> None:
        self.words += data

    def refuse(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl = refuse


def inspected(html: str) -> str:
    """The HTML, after the second parser has found nothing in it."""
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert "<" not in TAG.sub("", html)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    return html


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>one<br>two</p><p>three</p>", None),
        ("<blockquote><p>said</p></blockquote><pre><code>x &lt; y</code></pre>", None),
        ("<ul><li>a<ol><li>b</li></ol></li></ul>", None),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <del>a</del><s>b</s><u>c</u><i>d</i><em>e</em><b>f</b><strong>g</strong>", None),
        ('<p lang="de">Grüße</p>', None),
        ('<p class="quote-inline">RE: <span class="invisible">https://</span><span class="ellipsis">w.example</span></p>', None),
        ("<br/>", "<br>"),
        ("<p>un<b>closed", "<p>un<b>closed</b></p>"),
        ("<div>words</div><table><tr><td>stay</td></tr></table><font color=red>here</font>", "wordsstayhere"),
        ("<h1 lang=en>Title</h1><h3 id=x title=y>Below</h3>", "<p><strong>Title</strong></p><p><strong>Below</strong></p>"),
        ("&lt;h1&gt;no heading&lt;/h1&gt;", "&lt;h1&gt;no heading&lt;/h1&gt;"),
        ('<ol start="3" reversed><li value="7">x</li></ol>', "<ol><li>x</li></ol>"),
        ('<p class="x quote-inline y" id="p" style="color:red" dir="rtl" title="t" data-x="y">z</p>', '<p class="quote-inline">z</p>'),
        ("<b>" * 3 + "deep", "<b><b><b>deep</b></b></b>"),
        ("", ""),
    ],
)
def test_what_is_on_the_list_stays_and_what_is_not_leaves_its_words(html: str, left: str | None) -> None:
    result = inspected(sanitise(html))
    assert result == (html if left is None else left)


@pytest.mark.parametrize(
    "element", ["script", "style", "title", "svg", "math", "textarea", "select", "noscript", "template", "iframe", "object", "xmp"]
)
def test_what_stands_in_a_program_a_drawing_or_a_form_is_no_words(element: str) -> None:
    assert inspected(sanitise(f"<p>a</p><{element}>no words</{element}><p>b</p>")) == "<p>a</p><p>b</p>"


@pytest.mark.parametrize("element", sorted(ELEMENTS - {"br"}))
def test_a_class_that_is_not_listed_is_dropped_from_every_element(element: str) -> None:
    assert "evil" not in inspected(sanitise(f'<{element} class="evil mention-evil evil-h-card">x</{element}>'))


def test_what_is_neither_words_nor_elements_is_dropped() -> None:
    assert inspected(sanitise("a<!-- b -->c<!DOCTYPE html>d<?php e ?>f")) == "acdf"


def test_links_lead_to_the_web_and_vouch_for_nothing() -> None:
    rel = 'rel="nofollow noopener noreferrer"'
    assert sanitise('<a href="https://w.example/a?b=1&amp;c#d" rel="me tag" target="_blank" ping="https://e">w</a>') == (
        f'<a href="https://w.example/a?b=1&amp;c#d" {rel}>w</a>'
    )
    mention = '<span class="h-card"><a href="https://w.example/@mo" class="u-url mention evil">@<span>mo</span></a></span>'
    assert inspected(sanitise(mention)) == mention.replace(' evil"', f'" {rel}')
    for href in ("/a", "a", "//w.example/a", "#a", "?a", "", "mailto:mo@w.example", "gemini://w.example", "xmpp:mo@w.example", "tel:1"):
        assert sanitise(f'<a href="{href}">w</a>') == f"<a {rel}>w</a>"


XSS = r"""
<script>alert(1)</script>
<SCRIPT SRC=//e.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src="x` `<script>alert(1)</script>"` `>
<svg/onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text y=1>x</text></a></svg>
<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a></svg>
<svg><style><img src=x onerror=alert(1)></style></svg>
<svg><foreignObject><iframe srcdoc="<script>alert(1)</script>"></iframe></foreignObject></svg>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<svg><p><style><g title="</style><img src onerror=alert(1)>">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table></mtext></math>
<math href="javascript:alert(1)">x</math>
<math><mi//xlink:href="data:x,<script>alert(1)</script>">
<math><annotation-xml encoding="text/html"><style><img src=x onerror=alert(1)></style></annotation-xml></math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<form><input formaction=javascript:alert(1) type=submit></form>
<form id=test></form><button form=test formaction="javascript:alert(1)">x</button>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>
<xmp><p title="</xmp><img src=x onerror=alert(1)>">
<textarea><p title="</textarea><img src=x onerror=alert(1)>">
<title><a title="</title><img src=x onerror=alert(1)>">
<select><template><style><!--</style><a rel="--></style></template></select><img src onerror=alert(1)>">
<template><s><template><s><img src=x onerror=alert(1)>@shafigullin</s></template></s></template>
<plaintext><img src=x onerror=alert(1)>
<listing>&lt;img onerror="alert(1)" src=x&gt;</listing>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="&lt;script>alert(1)&lt;/script>"></iframe>
<object data="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="></object>
<embed src="javascript:alert(1)">
<base href="javascript:alert(1)//">
<link rel=stylesheet href="data:text/css,*{x:expression(alert(1))}">
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<style>@import 'javascript:alert(1)';</style>
<div style="background:url(javascript:alert(1))">x</div>
<p style="position:fixed;inset:0;z-index:9999">x</p>
<a href="javascript:alert(1)">x</a>
<a href="JaVaScRiPt:alert(1)">x</a>
<a href=" javascript:alert(1)">x</a>
<a href="java&#x09;script:alert(1)">x</a>
<a href="java&#10;script:alert(1)">x</a>
<a href="&#x6A;avascript&colon;alert(1)">x</a>
<a href="&#1;javascript:alert(1)">x</a>
<a href="javascript&#58alert(1)">x</a>
<a href="data:text/html,<script>alert(1)</script>">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="view-source:https://w.example">x</a>
<a href="https:javascript:alert(1)">x</a>
<a href="blob:https://w.example/x">x</a>
<a href="feed:javascript:alert(1)">x</a>
<a href=javascript:alert(1) href=https://w.example>x</a>
<a href="https://w.example" onclick=alert(1) onmouseover="alert(1)" autofocus onfocus=alert(1) tabindex=1>x</a>
<a href='https://w.example/"onmouseover="alert(1)'>x</a>
<a href="https://w.example/`onmouseover=alert(1)`">x</a>
<a href="https://w.example"target="_blank">x</a>
<a href="https://w.example/<h1>"lang="</a><h1>">x</a>
<p lang='"><img src=x onerror=alert(1)>'>x</p>
<p class='"><img src=x onerror=alert(1)>'>x</p>
<p lang="--><script>alert(1)</script>">x</p>
<b/onmouseover=alert(1)>x</b>
<b onmouseover=alert(1)//x>x</b>
<details open ontoggle=alert(1)>x</details>
<video><source onerror=alert(1)></video>
<audio src=x onerror=alert(1)></audio>
<body onload=alert(1)>
<html onmouseenter=alert(1)>
<marquee onstart=alert(1)>x</marquee>
<isindex action=javascript:alert(1) type=image>
<table background="javascript:alert(1)"><tr><td>x</td></tr></table>
<!--<img src="--><img src=x onerror=alert(1)//">
<!--[if gte IE 4]><script>alert(1)</script><![endif]-->
<![CDATA[<img src=x onerror=alert(1)>]]>
<?xml-stylesheet href="javascript:alert(1)"?>
<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>
<<script>alert(1)//<</script>
<script/x>alert(1)</script
<p><a href="https://w.example/
&lt;script&gt;alert(1)&lt;/script&gt;
&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;
<h1><script>alert(1)</script></h1><h2 onclick=alert(1)>x</h2>
<h1><table><h2><p></h1>x
<a id=location href="https://w.example">x</a><a name=cookie>x</a>
""".strip().splitlines()


@pytest.mark.parametrize("html", XSS)
def test_no_known_trick_leaves_anything_that_acts(html: str) -> None:
    once = inspected(sanitise(html))
    inspected(sanitise(once))
    # what a page or another sanitiser would make of it, put where it may stand
    for before, after in (("<p>", "</p>"), ("<div><blockquote>", "</blockquote></div>"), ("<svg>", "</svg>"), ("<table><td>", "</table>")):
        inspected(sanitise(before + once + after))
        inspected(sanitise(before + html + after))


FOREIGN = [
    "svg",
    "math",
    "style",
    "script",
    "noscript",
    "template",
    "table",
    "td",
    "form",
    "mglyph",
    "mtext",
    "title",
    "textarea",
    "select",
]
PIECES = st.sampled_from([*ELEMENTS, *FOREIGN, "xmp", "foreignObject", "h1", "h6", "div"]).flatmap(
    lambda tag: st.sampled_from(
        [f"<{tag}>", f"</{tag}>", f"<{tag} ", f"<{tag}/>", f'<{tag} href="', f"<{tag} class='mention", f"<{tag} lang=a>"]
    )
)
SIGNS = st.sampled_from(["<!--", "-->", "--!>", '"', "'", ">", "<", "&", "&lt;", "&#", "]]>", "<![CDATA[", "\x00", "=", " on"])
SOUP = st.lists(PIECES | SIGNS | st.text(max_size=3), max_size=25).map("".join)


@given(SOUP)
def test_any_soup_of_tags_is_safe_after_one_pass_and_after_two(html: str) -> None:
    once = inspected(sanitise(html))
    inspected(sanitise(once))
    inspected(sanitise(f"<svg><p>{once}</svg>"))


@given(st.text(alphabet=st.characters(), max_size=60))
def test_no_text_raises(html: str) -> None:
    inspected(sanitise(html))


@pytest.mark.parametrize("html", ["\ud800", "a\x00b", "<p\x00>x</p>", "\udfff<b>\ud83d</b>", "&#xd800;&#0;&#x110000;&#99999999999;"])
def test_what_is_no_text_at_all_does_not_raise_either(html: str) -> None:
    inspected(sanitise(html)).encode()


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_nothing_turns_the_direction_of_the_words_around_it(control: str) -> None:
    reference = f"&#{ord(control)};"
    for trick in (control, reference):
        assert sanitise(f"<p>cod.{trick}exe</p>") == "<p>cod.exe</p>"
        assert control not in inspected(sanitise(f'<a href="https://w.example/{trick}gpj">{trick}x</a><p lang="{trick}">x</p>'))
    assert sanitise("<p>שלום\u200f! \u200eabc \u061c</p>") == "<p>שלום\u200f! \u200eabc \u061c</p>"


ENDLESS = ["<b>", "<a href=https://w.example/>", "<ul><li>", "<svg>", "<b><p>", "<table><td>", "</p>", "<", "&", "<p ", "<ruby></dt>", "x"]


@pytest.mark.parametrize("piece", ENDLESS)
def test_a_document_without_end_is_cut_off_before_it_costs_anything(piece: str) -> None:
    result = inspected(sanitise(piece * 1_000_000))
    assert result.count("<") <= 8 * 4000
    assert len(result) <= 5 * LONGEST


def test_a_document_of_ordinary_length_is_not_cut_off() -> None:
    html = "<p>words and words</p>" * 1500
    assert sanitise(html) == html
