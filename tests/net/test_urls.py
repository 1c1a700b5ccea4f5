"""One strict reader of URLs: what has an origin, and which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fediverse_circle.core.urls import LONGEST, BadUrl, Origin, Url, joined, normal_host, parse_id, parse_origin, parse_url, same_origin


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("https://w.example/users/mo", "https://w.example/users/mo"),
        ("HTTPS://W.Example/users/Mo", "https://w.example/users/Mo"),
        ("https://w.example:443/a", "https://w.example/a"),
        ("http://w.example:80/a", "http://w.example/a"),
        ("https://w.example:80/a", "https://w.example:80/a"),
        ("https://w.example./a", "https://w.example/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://BÜCHER.example/a", "https://xn--bcher-kva.example/a"),
        ("https://xn--bcher-kva.example/a", "https://xn--bcher-kva.example/a"),
        ("https://bücher。example/a", "https://xn--bcher-kva.example/a"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://w.example", "https://w.example"),
        ("https://w.example?q=1#f", "https://w.example?q=1#f"),
        ("https://w.example/a/../b//c?x=%7e&y=a+b#main-key", "https://w.example/a/../b//c?x=%7e&y=a+b#main-key"),
        ("https://w.example/übung", "https://w.example/übung"),
        ("https://127.0.0.1:8443/a", "https://127.0.0.1:8443/a"),
        ("https://[0:0::1]/a", "https://[::1]/a"),
        ("https://[2001:DB8::A]:8443/a", "https://[2001:db8::a]:8443/a"),
    ],
)
def test_every_url_has_one_spelling(text: str, spelling: str) -> None:
    assert str(parse_url(text)) == spelling
    assert parse_url(spelling) == parse_url(text)


REFUSED = [
    "",
    "w.example",
    "//w.example/a",
    "ftp://w.example/a",
    "javascript:alert(1)",
    "data:text/html,x",
    "bear:?u=https://w.example/a",
    "file:///etc/passwd",
    "gopher://w.example/",
    "unix:/run/sock",
    "https:/w.example/a",
    "https:///a",
    "https://W@E/a",
    "https://w.example:pass@e.example/a",
    "https://w.example@/a",
    "https://@w.example/a",
    "https://w.example:/a",
    "https://w.example:0/a",
    "https://w.example:0443/a",
    "https://w.example:65536/a",
    "https://w.example:44３/a",
    "https://w.example:443:443/a",
    "https://w.example\\@e.example/a",
    "https://w.example%2eevil.example/a",
    "https://w.example /a",
    " https://w.example/a",
    "https://w.example/a\n",
    "https://w.exam\tple/a",
    "https://w.example/a\x00",
    "https://w.example/a\u202egpj",
    "https://w.example/a\u200b",
    "https://w.example/\ud800",
    "https://w_w.example/a",
    "https://.w.example/a",
    "https://w..example/a",
    "https://w.example../a",
    "https://-w.example/a",
    "https://w-.example/a",
    "https://" + "a" * 64 + ".example/a",
    "https://" + "a." * 130 + "example/a",
    "https://" + "ä." * 130 + "example/a",
    "https://℀.example/a",
    "https://w／a.example/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0177.0.0.1/a",
    "https://127.1/a",
    "https://127.0.0.01/a",
    "https://127.0.0.256/a",
    "https://0x7f.0.0.1/a",
    "https://127.0.0.0x1/a",
    "https://１２７.０.０.１/a",
    "https://w.example.1/a",
    "https://[::1/a",
    "https://::1/a",
    "https://[fe80::1%25eth0]/a",
    "https://[::1]x/a",
    "https://[1.2.3.4]/a",
    "https://w.example/" + "a" * LONGEST,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_exactly_a_web_address_has_no_origin(text: str) -> None:
    with pytest.raises(BadUrl) as refusal:
        parse_url(text)
    assert not text or text not in refusal.value.sentence
    assert not same_origin(text, text)


@given(st.text(alphabet=st.sampled_from("htps:/@[]%.#?\\ aAäß１0x7-_\u202e\n"), max_size=40).map(lambda tail: f"https://{tail}"))
def test_any_text_is_a_url_in_one_spelling_or_refused(text: str) -> None:
    try:
        url = parse_url(text)
    except BadUrl:
        return
    assert parse_url(str(url)) == url
    assert url.target.isascii()
    assert url.target.startswith("/")


def test_an_origin_is_scheme_host_and_port() -> None:
    assert same_origin("https://w.example/a", "https://W.EXAMPLE.:443/b?c#d")
    assert same_origin("https://bücher.example/a", "https://xn--bcher-kva.example")
    for other in ("http://w.example/a", "https://w.example:8443/a", "https://w.example.evil.example/a", "https://x.w.example/a"):
        assert not same_origin("https://w.example/a", other)


def test_an_origin_knows_what_its_host_header_says() -> None:
    assert parse_url("https://w.example:443/a").origin.authority == "w.example"
    assert parse_url("https://w.example:8443/a").origin.authority == "w.example:8443"
    assert parse_url("https://[::1]:8443/a").origin.authority == "[::1]:8443"
    assert str(parse_url("http://w.example:8080/a").origin) == "http://w.example:8080"
    assert parse_url("https://[::1]/a").origin.is_literal
    assert parse_url("https://127.0.0.1/a").origin.is_literal
    assert not parse_url("https://w7.example/a").origin.is_literal


@pytest.mark.parametrize(
    "text", ["https://W.example/a", "https://w.example:443/a", "https://w.example./a", "https://bücher.example/a", "https://[0::1]/a"]
)
def test_an_id_is_refused_unless_it_is_in_its_one_spelling(text: str) -> None:
    with pytest.raises(BadUrl):
        parse_id(text)
    assert str(parse_id(str(parse_url(text)))) == str(parse_url(text))


def test_an_origin_alone_has_no_path() -> None:
    assert str(parse_origin("https://w.example/")) == str(parse_origin("https://w.example")) == "https://w.example"
    for text in ("https://w.example/a", "https://w.example?", "https://w.example/#"):
        with pytest.raises(BadUrl):
            parse_origin(text)


def test_the_target_is_what_a_request_line_can_bear() -> None:
    assert parse_url("https://w.example").target == "/"
    assert parse_url("https://w.example?q=1").target == "/?q=1"
    assert parse_url("https://w.example/a?#f").target == "/a"
    assert parse_url("https://w.example/ä%C3%A4|?ö={1}#ü").target == "/%C3%A4%C3%A4%7C?%C3%B6=%7B1%7D"
    assert parse_url("https://w.example/a?b#c").document == "https://w.example/a?b"


def test_a_reference_is_joined_and_read_as_strictly() -> None:
    base = parse_url("https://w.example/a/b?c")
    assert str(joined(base, "/d?e")) == "https://w.example/d?e"
    assert str(joined(base, "../d")) == "https://w.example/d"
    assert str(joined(base, "//E.example/d")) == "https://e.example/d"
    assert str(joined(base, "?x")) == "https://w.example/a/b?x"
    for reference in (
        "https://W@E/",
        "//",
        "///a",
        "https:",
        "https:///a",
        "d:e",
        "javascript:alert(1)",
        "//[",
        "/a\tb",
        "\n/a",
        "/" + "a" * LONGEST,
    ):
        with pytest.raises(BadUrl):
            joined(base, reference)


def test_only_the_parser_makes_urls_and_origins() -> None:
    with pytest.raises(TypeError):
        Origin("https", "w.example", 443, object())
    with pytest.raises(TypeError):
        Url(parse_url("https://w.example").origin, "/", None, None, object())


def test_the_repr_of_a_url_keeps_its_path_to_itself() -> None:
    assert "secret" not in repr(parse_url("https://w.example/secret?secret#secret"))


def test_a_host_alone_has_one_spelling_too() -> None:
    assert normal_host("BÜCHER.example.") == normal_host("xn--bcher-kva.EXAMPLE") == "xn--bcher-kva.example"
