"""What each server is told of an audience: its own people, and what is everybody's."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

import msgspec
import pytest

from fediverse_circle.core.ids import ActorId, CircleId, PostId, RollId
from fediverse_circle.domain.actors import Actor, Field
from fediverse_circle.domain.audience import NOBODY, Addressing, Audience, Followers, InCircle, Person, Public
from fediverse_circle.domain.post import Post
from fediverse_circle.federation.builders.accept import build_accept
from fediverse_circle.federation.builders.actor import build_actor
from fediverse_circle.federation.builders.addressees import Addressees, addressees
from fediverse_circle.federation.builders.create import build_create
from fediverse_circle.federation.builders.delete import build_delete
from fediverse_circle.federation.builders.follow import build_follow, embedded_follow
from fediverse_circle.federation.builders.note import build_note
from fediverse_circle.federation.builders.reject import build_reject
from fediverse_circle.federation.builders.undo import build_undo
from fediverse_circle.federation.builders.update import build_update
from fediverse_circle.signing import generate_ed25519, generate_rsa, multibase, pem
from fediverse_circle.store.keys import ActorKey
from fediverse_circle.vocab import PUBLIC, encode
from tests.people import NOW, profile


def person(number: int, name: str, host: str) -> Actor:
    said = profile(name, f"https://{host}", locked=True)
    values = {field.name: getattr(said, field.name) for field in fields(said)} | {"fields": ()}
    local = host == "here.example"
    return Actor(id=ActorId(number), local=local, fetched_at=None if local else NOW, suspended_at=None, deleted_at=None, **values)


ANA, BO = person(1, "ana", "here.example"), person(2, "bo", "here.example")
GUS, GIL = person(3, "gus", "m.example"), person(4, "gil", "m.example")
NELL = person(5, "nell", "w.example")
NELL_BY_PORT = person(6, "nell", "w.example:8443")
PEOPLE = {actor.id: actor for actor in (ANA, BO, GUS, GIL, NELL, NELL_BY_PORT)}
HOSTS = (None, "here.example", "m.example", "w.example", "w.example:8443")


def told(host: str | None, *rows: Audience, listed: bool = False, mentioned: Sequence[Actor] = ()) -> Addressees:
    return addressees(ANA, Addressing(frozenset(rows), listed), {actor.id for actor in mentioned}, PEOPLE, host)


def post(content: str = "<p>Hello</p>", *, summary: str = "", edited: bool = False, language: str | None = "en") -> Post:
    return Post(
        id=PostId(1 << 23),
        uri="https://here.example/posts/name",
        url=None,
        author_id=ANA.id,
        in_reply_to=None,
        in_reply_to_uri="https://m.example/posts/1",
        kind="Note",
        content=content,
        source="Hello",
        summary=summary,
        sensitive=bool(summary),
        language=language,
        listed=False,
        said_at=NOW,
        edited_at=NOW + timedelta(minutes=1) if edited else None,
        fades_at=None,
        deleted_at=None,
    )


def wire(document: object) -> dict[str, object]:
    said = msgspec.json.decode(encode(document))
    assert isinstance(said, dict)
    return said


def test_what_is_public_is_addressed_to_everybody_and_names_all_it_names() -> None:
    for host in HOSTS:
        everybody = told(host, Public(), Person(GUS.id), listed=True, mentioned=[NELL])
        assert everybody.to == (PUBLIC,)
        assert everybody.cc == (ANA.followers, GUS.uri, NELL.uri)
        assert everybody.named == (GUS, NELL)


def test_what_is_unlisted_has_the_public_in_cc() -> None:
    for host in HOSTS:
        unlisted = told(host, Public(), Person(GUS.id))
        assert (unlisted.to, unlisted.cc) == ((ANA.followers,), (PUBLIC, GUS.uri))


def test_what_is_for_followers_names_their_collection_and_to_each_server_its_own_people() -> None:
    rows = (Followers(ANA.id), Person(GUS.id), Person(NELL.id), Person(BO.id))
    assert [told(host, *rows).cc for host in HOSTS] == [(), (BO.uri,), (GUS.uri,), (NELL.uri,), ()]
    assert {told(host, *rows).to for host in HOSTS} == {(ANA.followers,)}


def test_a_letter_names_to_each_server_its_own_people_and_to_others_nobody() -> None:
    rows = (Person(GUS.id), Person(GIL.id), Person(NELL.id))
    assert [told(host, *rows).to for host in HOSTS] == [(), (), (GIL.uri, GUS.uri), (NELL.uri,), ()]
    assert [told(host, *rows).nobody for host in HOSTS] == [True, True, False, False, True]


def test_servers_on_two_ports_of_one_host_are_two_servers() -> None:
    assert told("w.example:8443", Person(NELL.id), Person(NELL_BY_PORT.id)).named == (NELL_BY_PORT,)


def test_an_answer_in_somebody_elses_conversation_is_for_their_followers_and_for_them() -> None:
    rows = (Followers(GUS.id), Person(GUS.id))
    theirs, others = told("m.example", *rows), told("w.example", *rows)
    assert (theirs.to, theirs.cc, theirs.named) == ((GUS.followers,), (GUS.uri,), (GUS,))
    assert (others.to, others.cc, others.named) == ((GUS.followers,), (), ())


@pytest.mark.parametrize("rows", [(Followers(ANA.id), Person(GUS.id)), (Person(GUS.id),), (Followers(BO.id),)])
def test_nothing_private_is_addressed_to_the_public(rows: tuple[Audience, ...]) -> None:
    for host in HOSTS:
        addressed = told(host, *rows, mentioned=[NELL])
        assert not addressed.public
        assert PUBLIC not in {*addressed.to, *addressed.cc}


@pytest.mark.parametrize("audience", [(Public(),), (Followers(ANA.id),), ()])
def test_whoever_is_tagged_is_addressed_and_whoever_is_addressed_is_tagged(audience: tuple[Audience, ...]) -> None:
    for host in HOSTS:
        addressed = told(host, *audience, Person(GUS.id), Person(BO.id), mentioned=[NELL, GIL])
        people = {actor.uri for actor in PEOPLE.values()} & {*addressed.to, *addressed.cc}
        assert people == {actor.uri for actor in addressed.named}


def test_the_author_is_never_among_the_named() -> None:
    assert told("here.example", Public(), Person(ANA.id), mentioned=[ANA]).named == ()


def test_a_circle_and_an_audience_of_nobody_are_told_to_nobody() -> None:
    circle = InCircle(CircleId(9), RollId(9), only_then=False)
    assert all(told(host, circle).nobody for host in HOSTS)
    assert all(told(host, *NOBODY.rows).nobody for host in HOSTS)


def test_people_who_are_not_there_any_more_are_left_out() -> None:
    assert told("m.example", Person(ActorId(99)), Followers(ActorId(98)), Person(GUS.id)).to == (GUS.uri,)


def test_a_private_note_says_who_may_boost_and_quote_and_nothing_of_answers() -> None:
    note = wire(build_note(post(), ANA, told("m.example", Followers(ANA.id), Person(GUS.id))))
    assert note["interactionPolicy"] == {
        "canAnnounce": {"automaticApproval": [ANA.uri]},
        "canQuote": {"automaticApproval": [ANA.uri]},
    }
    assert "https://gotosocial.org/ns" in note["@context"]
    assert note["tag"] == [{"type": "Mention", "href": GUS.uri, "name": "@gus@m.example"}]
    assert "interactionPolicy" not in wire(build_note(post(), ANA, told(None, Public())))


def test_a_note_says_what_the_post_says() -> None:
    note = wire(build_note(post(summary="Careful"), ANA, told(None, Public(), listed=True)))
    assert note | {"@context": 0} == {
        "@context": 0,
        "id": "https://here.example/posts/name",
        "type": "Note",
        "attributedTo": ANA.uri,
        "content": "<p>Hello</p>",
        "contentMap": {"en": "<p>Hello</p>"},
        "to": [PUBLIC],
        "cc": [ANA.followers],
        "published": "2026-11-20T12:00:00Z",
        "inReplyTo": "https://m.example/posts/1",
        "summary": "Careful",
        "sensitive": True,
        "url": f"https://here.example/@ana/{1 << 23}",
        "tag": [],
        "attachment": [],
    }


def test_no_document_holds_what_was_typed_or_what_others_must_not_send() -> None:
    note = build_note(post(), ANA, told("m.example", Person(GUS.id)))
    for document in (wire(build_create(note)), wire(build_delete(note.id, ANA, told("m.example", Person(GUS.id))))):
        text = msgspec.json.encode(document).decode()
        assert not [name for name in ("bto", "bcc", "audience", "directMessage", "source", "signature", "proof") if f'"{name}"' in text]


def test_a_create_embeds_the_note_and_is_addressed_as_it_is() -> None:
    create = wire(build_create(build_note(post(), ANA, told("m.example", Followers(ANA.id), Person(GUS.id)))))
    assert (create["type"], create["id"], create["actor"]) == ("Create", "https://here.example/posts/name/activity", ANA.uri)
    inner = create["object"]
    assert isinstance(inner, dict)
    assert (create["to"], create["cc"]) == (inner["to"], inner["cc"]) == ([ANA.followers], [GUS.uri])


def test_each_edit_is_an_update_of_its_own_and_the_same_edit_is_one() -> None:
    note = build_note(post(edited=True), ANA, told(None, Followers(ANA.id)))
    update = wire(build_update(note))
    assert (update["type"], update["to"]) == ("Update", [ANA.followers])
    assert update["object"]["updated"] == "2026-11-20T12:01:00Z"
    assert build_update(note).id == build_update(note).id != build_create(note).id
    with pytest.raises(ValueError, match="never edited"):
        build_update(build_note(post(), ANA, told(None, Followers(ANA.id))))


def test_a_delete_leaves_a_tombstone_and_tells_the_public_nothing_of_what_was_private() -> None:
    delete = wire(build_delete("https://here.example/posts/name", ANA, told("m.example", Person(GUS.id))))
    assert delete["object"] == {"id": "https://here.example/posts/name", "type": "Tombstone"}
    assert (delete["to"], delete["cc"]) == ([GUS.uri], [])


def test_whatever_answers_or_undoes_a_follow_embeds_it_whole() -> None:
    uri, mine = "https://m.example/follows/1", "https://here.example/activities/1"
    whole = {"id": uri, "type": "Follow", "actor": GUS.uri, "object": ANA.uri}
    request = embedded_follow(uri, GUS, ANA)
    assert wire(build_accept(mine, ANA, request))["object"] == whole
    assert wire(build_reject(mine, ANA, request))["object"] == whole
    undo = wire(build_undo(mine, ANA, embedded_follow("https://here.example/f/1", ANA, GUS), GUS))
    assert undo["object"] == {"id": "https://here.example/f/1", "type": "Follow", "actor": ANA.uri, "object": GUS.uri}
    follow = wire(build_follow(mine, ANA, GUS))
    assert {
        name: wire(document)["to"]
        for name, document in {"accept": build_accept(mine, ANA, request), "follow": build_follow(mine, ANA, GUS)}.items()
    } == {
        "accept": [GUS.uri],
        "follow": [GUS.uri],
    }
    assert (follow["object"], undo["to"]) == (GUS.uri, [GUS.uri])


def test_an_actor_shows_what_others_need_and_both_keys() -> None:
    rsa, ed25519 = generate_rsa().public(), generate_ed25519().public()
    keys = [
        ActorKey(f"{ANA.uri}#main-key", ANA.id, "rsa", pem(rsa), NOW),
        ActorKey(f"{ANA.uri}#ed25519-key", ANA.id, "ed25519", multibase(ed25519), NOW),
    ]
    values = {field.name: getattr(ANA, field.name) for field in fields(ANA)} | {"fields": (Field("Where", "<p>Here</p>"),)}
    said = wire(build_actor(Actor(**values), keys))
    assert said["publicKey"] == {"id": f"{ANA.uri}#main-key", "owner": ANA.uri, "publicKeyPem": pem(rsa)}
    (other,) = said["assertionMethod"]
    assert (other["type"], other["controller"], other["publicKeyMultibase"]) == ("Multikey", ANA.uri, multibase(ed25519))
    assert said["endpoints"] == {"sharedInbox": "https://here.example/inbox"}
    assert (said["preferredUsername"], said["webfinger"]) == ("ana", "ana@here.example")
    assert (said["followers"], said["following"], said["outbox"]) == tuple(
        f"{ANA.uri}/{name}" for name in ("followers", "following", "outbox")
    )
    assert (said["manuallyApprovesFollowers"], said["discoverable"], said["indexable"]) == (True, False, False)
    assert said["attachment"] == [{"type": "PropertyValue", "name": "Where", "value": "<p>Here</p>"}]


def test_the_server_itself_is_an_application_whom_nobody_follows() -> None:
    values = {field.name: getattr(ANA, field.name) for field in fields(ANA)}
    server = values | {"kind": "Application", "uri": "https://here.example/actor", "username": "here.example", "followers": None}
    said = wire(build_actor(Actor(**server), []))
    assert said["type"] == "Application"
    assert not {"followers", "following"} & said.keys()
