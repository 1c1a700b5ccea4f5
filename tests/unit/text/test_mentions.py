"""Who and what a typed text names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.text.mentions import Hashtag, Link, Mention, mentions_in, named_in


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@mia", ["mia"]),
        ("Hi @Mia, hi @MIA!", ["mia"]),
        ("@mo@w.example", ["mo@w.example"]),
        ("@Mo@W.Example and @mo@w.example.", ["mo@w.example"]),
        ("@mo@bücher.example @mo@xn--bcher-kva.example", ["mo@xn--bcher-kva.example"]),
        ("@mo@例え.テスト", ["mo@xn--r8jz45g.xn--zckzah"]),
        ("(@mia) .@mo: “@ana”-@bo @a.b.c @a-b_c", ["mia", "mo", "ana", "bo", "a.b.c", "a-b_c"]),
        ("@mia's and @mia. and @mia- and @mia@", ["mia"]),
        ("日本語@mia", []),
        ("日本語 @mia 日本語", ["mia"]),
        ("@mia日本語", []),
        ("@ame\u0301lie @mia\u0301", []),
        ("mia@w.example", []),
        ("write to mia@w.example or m.i.a+b@w.example", []),
        ("https://w.example/@mia https://w.example/?q=@mia path/@mia a=@mia", []),
        ("@mia@", []),
        ("@@mia", ["mia"]),
        ("@mia@w.example@e.example", []),
        ("@mia@mo", ["mia@mo"]),
        ("@mia@-w.example", []),
        ("@mia@w_w.example", []),
        ("@mia@w..example", []),
        ("@mia@1.2.3", []),
        ("@mia://x", []),
        ("@", []),
        ("@ @. @- @é", []),
        ("@mia\n@mo", ["mia", "mo"]),
        ("@mia\u202eb", ["mia"]),
    ],
)
def test_people_are_named_by_an_at_sign_at_the_start_of_a_word(text: str, handles: list[str]) -> None:
    assert mentions_in(text) == handles


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("#cats and #Dogs!", ["cats", "dogs"]),
        ("#Straße #हिन्दी #ไทย #日本語 #한국어 #عربي #naïve", ["straße", "हिन्दी", "ไทย", "日本語", "한국어", "عربي", "naïve"]),
        ("#ＦＵＬＬ ＃width", ["full", "width"]),
        ("#a_b #_a #1a #2026 #_ #·a #a·b #a· #می\u200cخواهم", ["a_b", "_a", "1a", "a·b", "a", "می\u200cخواهم"]),
        ("a#b /#b =#b )#b &#39;", []),
        ("(#b) .#c -#d", ["b", "c", "d"]),
        ("https://w.example/#frag https://w.example/x#frag", []),
        ("##a #a#b", ["a", "a"]),
        ("#️⃣ # #! #😀", []),
    ],
)
def test_tags_are_words_with_a_letter_in_them(text: str, names: list[str]) -> None:
    assert [one.name for one in named_in(text) if isinstance(one, Hashtag)] == names


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://w.example", ["https://w.example"]),
        ("see HTTP://W.Example/Path.", ["HTTP://W.Example/Path"]),
        ("(https://w.example/a_(b)_c), <https://w.example/d>", ["https://w.example/a_(b)_c", "https://w.example/d"]),
        ("https://w.example/(a https://w.example/a)b", ["https://w.example/", "https://w.example/a"]),
        (
            "https://w.example… “https://w.example/a”、 https://w.example/b。",
            ["https://w.example", "https://w.example/a", "https://w.example/b"],
        ),
        ("https://w.example/((a)b) https://w.example/(a(b)", ["https://w.example/((a)b)", "https://w.example/"]),
        ("https://web.example/https://w.example/a", ["https://web.example/https://w.example/a"]),
        ("“https://w.example/?a=b&c=d#e”!", ["https://w.example/?a=b&c=d#e"]),
        (
            "\"https://w.example/a\", 'https://w.example/b'; https://w.example/c?!",
            ["https://w.example/a", "https://w.example/b", "https://w.example/c"],
        ),
        ("https://w.example:8443/@mia/1 https://w.example/?", ["https://w.example:8443/@mia/1", "https://w.example/"]),
        ("https://bücher.example/ä", ["https://bücher.example/ä"]),
        ("xhttps://w.example @https://w.example #https://w.example 1http://w.example", []),
        ("日本https://w.example", ["https://w.example"]),
        ("w.example www.w.example ftp://w.example javascript:alert(1)", []),
        (
            "https:// https://. https://localhost https://u:p@w.example https://w_w.example https://1.2.3 https://192.0.2.1/a https://[::1]/ https://w.example:0",
            [],
        ),
        ("https://w.example/\u202egpj.exe", []),
        ("https://w.example/" + "a" * 3000, []),
    ],
)
def test_links_have_a_scheme_and_a_host_and_leave_the_sentence_its_stops(text: str, links: list[str]) -> None:
    assert [text[one.start : one.end] for one in named_in(text) if isinstance(one, Link)] == links


@given(st.text(alphabet="@#＃:/.-_=()w éß1·\u200c\n\u0301日", max_size=40) | st.text(max_size=40))
def test_what_is_named_never_overlaps_and_is_where_it_says(text: str) -> None:
    at = 0
    for one in named_in(text.replace("w", "http://w.ex")):
        typed = text.replace("w", "http://w.ex")[one.start : one.end]
        assert at <= one.start < one.end
        at = one.end
        match one:
            case Mention():
                assert typed.startswith(f"@{one.name}")
            case Hashtag():
                assert typed in (f"#{one.shown}", f"＃{one.shown}")
            case Link():
                assert typed.lower().startswith("http")


PIECES = ["@", "@a", "@a@", "@a@a.", "a.", "@" + "a." * 50, "#", "#1", "#a", "http://", "http://a.b/", "http://a.b/(", "http://a.b/)"]


@pytest.mark.parametrize("piece", [*PIECES, "http://a.", "https://@", "\u0301", "(", "a-"])
def test_a_hundred_thousand_of_anything_is_read_in_steps_that_grow_with_the_text(piece: str) -> None:
    def steps(count: int) -> int:
        letters = Counting(piece * count)
        named_in(letters)
        return letters.looked_at

    assert steps(2000) <= 3 * steps(1000) + 10_000
    named_in(piece * (100_000 // len(piece)))


class Counting(str):
    """A text that counts how many of its letters are looked at one by one or cut out."""

    __slots__ = ("looked_at",)

    def __init__(self, _: str) -> None:
        self.looked_at = 0

    def __getitem__(self, where: object) -> str:
        part = super().__getitem__(where)  # type: ignore[index]
        self.looked_at += len(part)
        return part


def test_a_server_on_this_machine_is_named_with_its_port_and_no_other_is() -> None:
    assert mentions_in("@mo@two.localhost:8442 and @mo@two.example:8442, @mo@two.localhost: you") == [
        "mo@two.localhost:8442",
        "mo@two.example",
        "mo@two.localhost",
    ]
