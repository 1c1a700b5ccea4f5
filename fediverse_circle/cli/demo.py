"""`demo`: three servers on this machine, five people, a conversation among followers; something to click on."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from fediverse_circle import app, postgres
from fediverse_circle.actions import accounts, addressing, following, posting
from fediverse_circle.actions.accounts import Face, new_key_pairs
from fediverse_circle.actions.addressing import Draft
from fediverse_circle.app import ROLES
from fediverse_circle.cli.authority import Authority
from fediverse_circle.cli.running import run, say, until_told
from fediverse_circle.config import settings_of
from fediverse_circle.core import quiet
from fediverse_circle.core.clock import utc_now
from fediverse_circle.core.errors import NotFound, Unreachable
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.credentials import DisplayName, Email, Password, Username
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import lookup
from fediverse_circle.oauth.passwords import Passwords
from fediverse_circle.postgres import Server
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows, logins, posts, schema
from fediverse_circle.store.db import begin

T = TypeVar("T")

HOSTS = ("birch", "cedar", "maple")
PASSWORD = "a table for five"  # noqa: S105  printed on the screen, good on this machine alone
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the play: where they live and as whom."""

    here: Site
    actor: Actor

    @property
    def handle(self) -> str:
        return f"@{self.actor.username}@{self.actor.host}"


@click.command(short_help="Three servers and five people, to click on.")
@click.option("--port", default=8441, show_default=True, type=click.IntRange(1024, 65533), help="The first of three ports in a row.")
def demo(port: int) -> None:
    """See it: three servers, five people, a conversation among followers.

    Everything is on this machine, in a temporary directory that is gone when you press Ctrl-C: real servers with names, certificates and
    databases of their own, that speak to each other as they would in the world.
    """
    quiet.configure("error", "text")
    run(_played(port))


async def _played(port: int) -> None:
    told = asyncio.ensure_future(until_told())
    with tempfile.TemporaryDirectory(prefix="fediverse-circle-demo-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: S103  the user PostgreSQL runs as passes through
        async with AsyncExitStack() as stack:
            scene = asyncio.ensure_future(_set(stack, directory, port))
            await asyncio.wait({scene, told}, return_when=asyncio.FIRST_COMPLETED)
            if not scene.done():
                scene.cancel()
                await asyncio.gather(scene, return_exceptions=True)
                return
            await scene
            say("\nCtrl-C ends it and leaves nothing behind.")
            await told
            say("Stopping.")


async def _set(stack: AsyncExitStack, directory: Path, port: int) -> None:
    say("Starting PostgreSQL …")
    server = await stack.enter_async_context(postgres.serving(directory, directory, lambda _: None))
    authority = Authority(directory, utc_now())
    sites = []
    for number, host in enumerate(HOSTS):
        say(f"Starting {host}.localhost:{port + number} …")
        sites.append(await stack.enter_async_context(_site(server, authority, directory, host, port + number)))
    say("Five people move in …")
    birch, cedar, maple = sites
    ana, bo = await _person(birch, "ana", "Ana"), await _person(birch, "bo", "Bo")
    mo, dee = await _person(cedar, "mo", "Mo"), await _person(cedar, "dee", "Dee")
    kim = await _person(maple, "kim", "Kim")
    await _converse(ana, bo, mo, dee, kim)
    _introduce(authority, (ana, bo, mo, dee, kim))


@asynccontextmanager
async def _site(server: Server, authority: Authority, directory: Path, host: str, port: int) -> AsyncIterator[Site]:
    paper = authority.paper(f"{host}.localhost")
    settings = settings_of(
        {
            "domain": f"{host}.localhost:{port}",
            "listen": [f"127.0.0.1:{port}"],
            "tls_certificate": str(paper.certificate),
            "tls_key": str(paper.key),
            "extra_ca_bundle": str(authority.file),
            "allowed_private_networks": ["127.0.0.0/8"],
            "data_directory": str(directory),
            "name": f"{host.title()} (demo)",
        }
    )
    access = await server.database(f"demo_{host}")
    await schema.migrate(access.owner, lambda _: None)
    async with app.opened(settings, access.everyday, utc_now) as here, app.serving(here, ROLES):
        yield here


async def _person(here: Site, username: str, name: str) -> Person:
    face = Face(Username(username), DisplayName(name), await new_key_pairs())
    password_hash = await Passwords().hashed(Password(PASSWORD))
    async with begin(here.db) as tx:
        email = Email(f"{username}@demo.example")
        _, actor = await accounts.open_login(tx, here.now(), here.settings, email, password_hash, "member", face)
    return Person(here, actor)


async def _converse(ana: Person, bo: Person, mo: Person, dee: Person, kim: Person) -> None:
    say("They ask to follow each other, and are let …")
    for follower, target in ((mo, ana), (kim, ana), (bo, ana), (ana, mo), (kim, mo), (dee, mo), (mo, kim), (ana, kim)):
        await _follow(follower, target)
    say("They talk, for followers only …")
    first = await _say(ana, "The kettle is on. How was your week, honestly?")
    answer = await _say(mo, "Long. I gave the talk and my voice shook the whole time.", await _arrived(mo, first))
    await _say(kim, "A shaking voice still got all the way to the end. I am glad you did it.", await _arrived(kim, first))
    await _say(ana, "I would have clapped. What was it about?", await _arrived(ana, answer))
    slip = await _say(dee, "Testing: does anybody hear this?")
    async with begin(dee.here.db) as tx:
        await posting.retract(tx, dee.here.now(), slip)
    await _say(bo, "Nobody outside this machine reads any of this. Nice and quiet.")


async def _follow(follower: Person, target: Person) -> None:
    """Ask from one server, wait until the other has it, let, wait until the first has heard."""
    here, there = follower.here, target.here
    if here is there:
        known = target.actor
    else:
        found = await lookup.by_handle(here, follower.actor.id, target.actor.username, target.actor.host)
        if found is None:
            raise NotFound(f"{target.handle} could not be found from {here.settings.handle_domain}.")
        known = found
    async with begin(here.db) as tx:
        await following.request(tx, here.now(), follower.actor, known)

    async def asking() -> Actor | None:
        asker = await actors.by_uri(there.db.pool, follower.actor.uri)
        return asker if asker and await follows.of_pair(there.db.pool, asker.id, target.actor.id) else None

    asker = await _eventually(asking)
    async with begin(there.db) as tx:
        await following.accept(tx, there.now(), target.actor, asker)

    async def accepted() -> bool:
        follow = await follows.of_pair(here.db.pool, follower.actor.id, known.id)
        return follow is not None and follow.state == "accepted"

    await _eventually(accepted)


async def _say(who: Person, text: str, answering: Post | None = None) -> Post:
    here = who.here
    draft = Draft(text, "", False, "en", None, answering.id if answering else None, {})
    async with begin(here.db) as tx:
        decision = await addressing.decide(tx, await logins.account(tx, who.actor.id), draft)
        return await posting.publish(tx, here.now(), who.actor, draft, decision)


async def _arrived(who: Person, said: Post) -> Post:
    """The post as it has arrived where somebody lives."""

    async def there() -> Post | None:
        try:
            return await posts.visible_by_uri(who.here.db.pool, who.actor.id, said.uri)
        except NotFound:
            return None

    return await _eventually(there)


async def _eventually(condition: Callable[[], Awaitable[T | None]]) -> T:
    """What the condition gives as soon as it gives something: news between servers takes a moment."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await condition()):  # noqa: ASYNC110  the other server is heard of by looking
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Unreachable("The three servers did not hear each other in time. Is a firewall closing this machine to itself?") from None
    return found


def _introduce(authority: Authority, people: Iterable[Person]) -> None:
    """What there is to click on."""
    say("")
    click.secho("Three servers are running on this machine.", bold=True)
    click.echo(f"Everybody's password is “{PASSWORD}”.\n")
    for person in people:
        click.echo(f"  {person.handle:<28} sign in at {person.here.settings.origin}/  as {person.actor.username}@demo.example")
    click.echo(
        "\nThe certificates are made by a throw-away authority: your browser will warn once for each server."
        f"\nA Mastodon client that runs on this machine signs in with, for instance, {HOSTS[0]}.localhost and its port;"
        f"\nto have it trust the certificates, give it {authority.file}"
        "\nWhat the five have said is in their home timelines; dee took something back, and it is nowhere."
    )
