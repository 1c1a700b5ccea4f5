"""What strangers see, and what they do not."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from fediverse_circle.actions import accounts
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.audience import Addressing, Audience, Followers, Person, Public
from fediverse_circle.domain.credentials import DisplayName, Username
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.store import posts
from fediverse_circle.store.db import begin
from fediverse_circle.store.posts import Origin
from tests.sites import Clock
from tests.surfaces import Answer, Running, query, token_for

FACE = {"date", "x-request-id"}


async def say(house: Running, author: ActorId, words: str, *audience: Audience, summary: str = "", listed: bool = True) -> Post:
    origin = Origin(f"https://x.example/{words}", None, author, None, None, "Note", house.here.now())
    async with begin(house.here.db) as tx:
        said = Words(f"<p>{words}</p>", words, summary, summary != "", "en", frozenset())
        post = await posts.insert(tx, house.here.now(), origin, said, Addressing(frozenset(audience), listed))
    assert post is not None
    return post


def face(answer: Answer) -> tuple[int, list[tuple[str, str]], str]:
    """What a stranger can compare."""
    return answer.status, sorted((name, value) for name, value in answer.headers.items() if name.lower() not in FACE), answer.text


async def test_a_profile_shows_what_everybody_may_read(house: Running) -> None:
    _, ana = await house.resident("ana")
    await say(house, ana.id, "forall", Public())
    await say(house, ana.id, "unlisted", Public(), listed=False)
    await say(house, ana.id, "forfollowers", Followers(ana.id))
    await say(house, ana.id, "forone", Person(ana.id))
    await say(house, ana.id, "warned", Public(), summary="about the end")
    own = house.browser()
    await own.sign_in("ana@mail.example")
    for browser in (house.browser(), own):
        page = await browser.get("/@ANA")
        assert page.status == 200
        assert "forall" in page.text
        assert "unlisted" in page.text
        assert "about the end" in page.text
        assert "forfollowers" not in page.text
        assert "forone" not in page.text
        assert f'href="{ana.uri}"' in page.text


async def test_a_profile_goes_on_with_older_posts(house: Running, clock: Clock) -> None:
    _, ana = await house.resident("ana")
    for number in range(21):
        clock.move(timedelta(seconds=1))
        await say(house, ana.id, f"number{number:02}", Public())
    page = await house.browser().get("/@ana")
    assert "number20" in page.text
    assert "number00" not in page.text
    older = page.text.partition('href="/@ana?max_id=')[2].partition('"')[0]
    assert "number00" in (await house.browser().get(f"/@ana?max_id={older}")).text


async def test_a_public_post_has_a_page(house: Running) -> None:
    _, ana = await house.resident("ana")
    post = await say(house, ana.id, "forall", Public())
    page = await house.browser().get(f"/@ana/{post.id}")
    assert page.status == 200
    assert "<p>forall</p>" in page.text
    assert f'href="{post.uri}"' in page.text


async def test_what_is_not_for_you_is_what_is_not_there(house: Running) -> None:
    _, ana = await house.resident("ana")
    _, bo = await house.resident("bo")
    private = await say(house, ana.id, "secret", Followers(ana.id))
    taken_back = await say(house, ana.id, "gone", Public())
    async with begin(house.here.db) as tx:
        await posts.erase(tx, house.here.now(), taken_back.id)
    others = await say(house, bo.id, "others", Public())
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    never = face(await house.browser().get(f"/@ana/{PostId(private.id + 2)}"))
    assert never[0] == 404
    for path in (
        f"/@ana/{private.id}",
        f"/@ana/{taken_back.id}",
        f"/@ana/{others.id}",
        "/@nobody",
        "/nowhere",
        "/@ana/99999999999999999999",
    ):
        assert face(await house.browser().get(path)) == never, path
        assert face(await browser.get(path)) == never, path
    for path in ("/@ana/9999999999999999999", "/@ana?max_id=x", "/@ana?max_id=" + "9" * 40, "/@ana@here.example", "/static/nothing.css"):
        assert face(await house.browser().get(path)) == never, path


async def test_the_servers_own_actor_has_no_page(house: Running) -> None:
    async with begin(house.here.db) as tx:
        await accounts.instance_actor(tx, house.here.now(), house.here.settings)
    assert (await house.browser().get("/@localhost:8080")).status == 404


async def test_a_suspended_persona_has_no_page(house: Running) -> None:
    _, ana = await house.resident("ana")
    async with begin(house.here.db) as tx:
        await tx.execute("update actor set suspended_at = $2 where id = $1", ana.id, house.here.now())
    assert (await house.browser().get("/@ana")).status == 404


async def test_markup_in_what_people_call_themselves_stays_text(house: Running) -> None:
    _, ana = await house.resident("ana")
    async with begin(house.here.db) as tx:
        await tx.execute("update actor set name = $2 where id = $1", ana.id, "<img src=x onerror=alert(1)>")
    await house.app(client_name="<script>alert(1)</script>")
    app = await house.app(client_name='"><script>alert(1)</script>')
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    for path in ("/@ana", "/settings", query(app)):
        page = await browser.get(path)
        assert page.status == 200
        assert "<script" not in page.text
        assert "<img src=x" not in page.text


async def test_the_landing_says_what_to_do(house: Running) -> None:
    assert "Nobody lives here yet" in (await house.browser().get("/")).text
    await house.resident("ana")
    assert "Nobody lives here yet" not in (await house.browser().get("/")).text
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    assert 'href="/settings"' in (await browser.get("/")).text


async def test_style_and_icon_are_found_and_kept(house: Running) -> None:
    page = await house.browser().get("/")
    for part in page.text.split('"'):
        if part.startswith("/static/"):
            found = await house.browser().get(part)
            assert found.status == 200
            assert "immutable" in found.headers["Cache-Control"]


class Outline(HTMLParser):
    """What a page offers to those who do not see it."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.inputs: set[str] = set()
        self.labels: set[str] = set()
        self.ids: list[str] = []
        self.described: set[str] = set()
        self.lang = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag == "html":
            self.lang = said["lang"]
        if tag in ("input", "select") and said.get("type") != "hidden":
            self.inputs.add(said["id"])
        if tag == "label":
            self.labels.add(said["for"])
        if "id" in said:
            self.ids.append(said["id"])
        self.described |= set(said.get("aria-describedby", "").split())


async def test_every_page_can_be_used_without_seeing_it(house: Running) -> None:
    login, _ = await house.resident("ana")
    other = accounts.Face(Username("other"), DisplayName(""), await accounts.new_key_pairs())
    async with begin(house.here.db) as tx:
        await accounts.add_persona(tx, house.here.now(), house.here.settings, login.id, other)
    app = await house.app()
    browser = house.browser()
    wrong = await browser.sign_in("ana@mail.example", "guess")
    await browser.sign_in("ana@mail.example")
    pages = [wrong] + [await browser.get(path) for path in ("/", "/auth/sign_in", "/settings", "/welcome", "/@ana", "/nowhere", query(app))]
    for page in pages:
        outline = Outline()
        outline.feed(page.text)
        assert outline.lang == "en"
        assert outline.headings[0] == 1
        assert outline.headings.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
        assert outline.inputs == outline.labels, "every field has its label"
        assert len(outline.ids) == len(set(outline.ids))
        assert outline.described <= set(outline.ids)
        assert "<script" not in page.text


@pytest.mark.parametrize("path", ["/settings", "/welcome"])
async def test_pages_of_ones_own_are_kept_nowhere(house: Running, path: str) -> None:
    await house.resident("ana")
    await token_for(house, "ana")
    browser = house.browser()
    await browser.sign_in("ana@mail.example")
    assert (await browser.get(path)).headers["Cache-Control"] == "private, no-store"
