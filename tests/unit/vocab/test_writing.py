"""What we send: read back it is the same, and others find in it what they look for."""

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fediverse_circle.vocab import (
    PUBLIC,
    ActorDocument,
    Approval,
    Collection,
    EmbeddedActivity,
    Emoji,
    Hashtag,
    Jrd,
    JrdLink,
    Mention,
    Multikey,
    NodeInfo,
    Note,
    Option,
    PemKey,
    Policy,
    Poll,
    Ref,
    Several,
    Tombstone,
    accept,
    create,
    delete,
    document,
    encode,
    follow,
    host_meta,
    nodeinfo,
    nodeinfo_links,
    read,
    read_activity,
    read_actor,
    read_collection,
    read_jrd,
    read_keys,
    read_note,
    server_webfinger,
    undo,
    update,
    webfinger,
)

from .cast import ACTIVITIES, ACTORS, COLLECTIONS, MIA, MO, NOTES, PAGES, POSTED, URL, WORDS

AS = "https://www.w3.org/ns/activitystreams"
AT = datetime(2026, 11, 20, 18, tzinfo=UTC)
SAID = Note(id="https://v.example/posts/1", attributed_to=MIA, content="<p>hi</p>", to=(f"{MIA}/followers",), cc=(MO,), published=AT)
PERSON = ActorDocument(
    id=MIA,
    username="mia",
    inbox=f"{MIA}/inbox",
    followers=f"{MIA}/followers",
    shared_inbox="https://v.example/inbox",
    locked=True,
    url="https://v.example/@mia",
    keys=(PemKey(f"{MIA}#main-key", MIA, "PEM"), Multikey(f"{MIA}#ed25519-key", MIA, "z6Mk")),
)


def said(thing: Any) -> dict[str, Any]:
    return json.loads(encode(thing))


@given(ACTIVITIES)
@settings(max_examples=150, deadline=None)
def test_an_activity_is_read_as_it_was_written(activity: Any) -> None:
    data = encode(activity)
    found = read_activity(data)
    assert found == activity
    assert found.raw == data
    assert read(data) == activity


@given(NOTES)
@settings(max_examples=100, deadline=None)
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert read_note(encode(note)) == note


@given(ACTORS)
@settings(max_examples=100, deadline=None)
def test_an_actor_is_read_as_it_was_written(actor: ActorDocument) -> None:
    assert read_actor(encode(actor)) == actor
    assert read_keys(encode(actor)) == actor.keys


@given(COLLECTIONS | PAGES)
@settings(max_examples=100, deadline=None)
def test_a_collection_is_read_as_it_was_written(collection: Collection) -> None:
    assert read_collection(encode(collection)) == collection


@given(
    st.builds(
        Jrd, WORDS, st.lists(WORDS, max_size=3).map(tuple), st.lists(st.builds(JrdLink, WORDS, WORDS, URL, WORDS), max_size=3).map(tuple)
    )
)
def test_a_webfinger_answer_is_read_as_it_was_written(jrd: Jrd) -> None:
    assert read_jrd(encode(jrd)) == jrd


@pytest.mark.parametrize("name", POSTED)
def test_what_others_said_can_be_said_again(name: str) -> None:
    heard = read_activity(POSTED[name])
    assert read_activity(encode(heard)) == heard


@given(ACTIVITIES | COLLECTIONS)
@settings(max_examples=60, deadline=None)
def test_the_context_is_a_list_with_activitystreams_first_and_stands_only_outside(thing: Any) -> None:
    whole = said(thing)
    assert whole["@context"][0] == AS
    assert encode(thing).count(b'"@context"') == 1
    assert next(iter(whole)) == "@context"


def test_contexts_name_the_terms_that_are_used() -> None:
    assert said(follow("https://v.example/f/1", MIA, MO))["@context"] == [AS]
    actor = said(PERSON)["@context"]
    assert actor[:4] == [AS, "https://w3id.org/security/v1", "https://www.w3.org/ns/cid/v1", "https://purl.archive.org/socialweb/webfinger"]
    assert actor[4]["manuallyApprovesFollowers"] == "as:manuallyApprovesFollowers"
    assert said(update("https://v.example/u/1", PERSON, (PUBLIC,)))["@context"] == actor
    plain = said(create("https://v.example/c/1", SAID))["@context"]
    assert plain[0] == AS
    assert plain[1]["sensitive"] == "as:sensitive"
    with_policy = Note(id=SAID.id, attributed_to=MIA, content="x", policy=Policy(quote=Approval((MIA,))))
    assert said(create("https://v.example/c/1", with_policy))["@context"][1] == "https://gotosocial.org/ns"
    assert said(Collection(id=MO, items=(with_policy,)))["@context"][1] == "https://gotosocial.org/ns"


def test_an_actor_has_what_mastodon_and_gotosocial_ask_for() -> None:
    whole = said(PERSON)
    assert whole["publicKey"] == {"id": f"{MIA}#main-key", "owner": MIA, "publicKeyPem": "PEM"}
    assert whole["assertionMethod"] == [{"id": f"{MIA}#ed25519-key", "type": "Multikey", "controller": MIA, "publicKeyMultibase": "z6Mk"}]
    assert whole["endpoints"] == {"sharedInbox": "https://v.example/inbox"}
    assert whole["manuallyApprovesFollowers"] is True
    assert whole["preferredUsername"] == "mia"
    assert "movedTo" not in whole
    assert "alsoKnownAs" not in whole


def test_a_create_says_to_whom_as_its_note_does() -> None:
    whole = said(create("https://v.example/posts/1/activity", SAID))
    assert (whole["type"], whole["actor"]) == ("Create", MIA)
    assert whole["to"] == whole["object"]["to"] == [f"{MIA}/followers"]
    assert whole["cc"] == whole["object"]["cc"] == [MO]
    assert whole["published"] == whole["object"]["published"] == "2026-11-20T18:00:00Z"
    assert whole["object"]["attributedTo"] == MIA
    for absent in ("inReplyTo", "summary", "contentMap", "updated", "interactionPolicy", "directMessage", "audience", "bto", "bcc"):
        assert absent not in whole["object"]


def test_words_are_written_with_their_language_tags_and_poll() -> None:
    tags = (Mention(MO, "@mo@w.example"), Hashtag("tea", "https://v.example/tags/tea"), Emoji("blob", "https://v.example/blob.png"))
    poll = Poll((Option("tea", 2), Option("coffee")), several=True, ends=AT, voters=2)
    whole = said(
        Note(id=SAID.id, attributed_to=MIA, content="<p>hi</p>", language="en", tags=tags, poll=poll, type="Question", sensitive=True)
    )
    assert whole["contentMap"] == {"en": "<p>hi</p>"}
    assert [tag["name"] for tag in whole["tag"]] == ["@mo@w.example", "#tea", ":blob:"]
    assert whole["anyOf"][0] == {"type": "Note", "name": "tea", "replies": {"type": "Collection", "totalItems": 2}}
    assert (whole["endTime"], whole["votersCount"], whole["sensitive"]) == ("2026-11-20T18:00:00Z", 2, True)


def test_what_is_answered_or_undone_is_embedded_whole() -> None:
    asked = EmbeddedActivity("Follow", "https://w.example/f/1", MO, MIA)
    for answer in (accept("https://v.example/a/1", MIA, asked), undo("https://v.example/a/1", MIA, asked, (MO,))):
        assert said(answer)["object"] == {"id": "https://w.example/f/1", "type": "Follow", "actor": MO, "object": MIA}
        assert answer.to == (MO,)


def test_a_follow_names_whom_and_a_delete_leaves_a_tombstone_or_a_name() -> None:
    asked = said(follow("https://v.example/f/1", MIA, MO))
    assert (asked["object"], asked["to"]) == (MO, [MO])
    assert said(delete("https://v.example/d/1", MIA, Tombstone(SAID.id), (MO,)))["object"] == {"id": SAID.id, "type": "Tombstone"}
    assert said(delete("https://v.example/d/1", MIA, Ref(MIA), (PUBLIC,)))["object"] == MIA
    assert said(Tombstone(SAID.id)) == {"@context": [AS], "id": SAID.id, "type": "Tombstone"}


def test_only_what_has_an_author_or_an_asker_can_be_sent() -> None:
    with pytest.raises(ValueError, match="author"):
        create("https://v.example/c/1", Note(id=SAID.id, attributed_to=None, content=""))
    with pytest.raises(ValueError, match="asked"):
        accept("https://v.example/a/1", MIA, EmbeddedActivity("Follow", None, None, None))


def test_several_things_are_written_as_a_list() -> None:
    heard = read_activity(POSTED["Flag"])
    assert isinstance(heard.object, Several)
    assert said(heard)["object"] == [thing.id for thing in heard.object.objects]


def test_a_collection_that_hides_its_members_has_neither_page_nor_total() -> None:
    assert said(Collection(id=f"{MIA}/followers")) == {"@context": [AS], "id": f"{MIA}/followers", "type": "OrderedCollection"}
    page = Collection(
        id=f"{MIA}/outbox?page=1",
        type="OrderedCollectionPage",
        part_of=f"{MIA}/outbox",
        items=(create("https://v.example/c/1", SAID), Ref(MO)),
    )
    whole = said(page)
    assert (whole["partOf"], whole["orderedItems"][0]["object"]["id"], whole["orderedItems"][1]) == (f"{MIA}/outbox", SAID.id, MO)


class TestDiscovery:
    def test_webfinger_names_the_actor_exactly(self) -> None:
        found = said(webfinger("mia", "v.example", MIA, "https://v.example/@mia"))
        assert (found["subject"], found["aliases"]) == ("acct:mia@v.example", [MIA, "https://v.example/@mia"])
        assert {"rel": "self", "type": "application/activity+json", "href": MIA} in found["links"]
        assert len(found["links"]) == 2
        assert "@context" not in found
        bare = webfinger("mia", "v.example", MIA, None)
        assert (bare.aliases, len(bare.links), bare.actor) == ((MIA,), 1, MIA)

    def test_the_server_answers_by_both_its_names(self) -> None:
        for subject in ("acct:v.example@v.example", "https://v.example/"):
            found = server_webfinger(subject, "https://v.example/actor")
            assert (found.subject, found.actor) == (subject, "https://v.example/actor")
            assert [link.rel for link in found.links] == ["self", "https://www.w3.org/ns/activitystreams#Service"]

    @pytest.mark.parametrize("kind", ["application/activity+json", 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'])
    def test_the_actor_is_the_link_of_exactly_this_kind(self, kind: str) -> None:
        def jrd(**link: Any) -> Jrd:
            return read_jrd(
                json.dumps({"subject": "acct:mo@w.example", "links": ["x", {}, {"rel": "other", "type": kind, "href": MIA}, link]}).encode()
            )

        assert jrd(rel="self", type=kind, href=MO).actor == MO
        for link in (
            {"rel": "self", "type": f"{kind} ", "href": MO},
            {"rel": "self", "href": MO},
            {"rel": "self", "type": kind, "href": "javascript:x"},
        ):
            assert jrd(**link).actor is None

    def test_nodeinfo_tells_what_it_is_given_and_no_more(self) -> None:
        info = NodeInfo("1.0", open_registrations=False, users=3, active_month=2, posts=7, repository="https://code.example/x")
        old, new = nodeinfo(info, "2.0"), nodeinfo(info, "2.1")
        assert (old["version"], new["version"]) == ("2.0", "2.1")
        assert old["software"] == {"name": "fediverse-circle", "version": "1.0"}
        assert new["software"]["repository"] == "https://code.example/x"
        assert new["usage"] == {"users": {"total": 3, "activeMonth": 2}, "localPosts": 7}
        assert (new["protocols"], new["openRegistrations"], new["services"]) == (["activitypub"], False, {"inbound": [], "outbound": []})
        assert nodeinfo(NodeInfo("1.0", open_registrations=True), "2.1")["usage"] == {"users": {}}
        assert new["metadata"] == {"upstream": {"name": "mastodon"}}
        assert json.loads(encode(new)) == new

    def test_nodeinfo_is_linked_in_both_schemas_and_so_is_the_server_actor(self) -> None:
        links = {link["rel"]: link["href"] for link in nodeinfo_links("https://v.example", "https://v.example/actor")["links"]}
        assert links["http://nodeinfo.diaspora.software/ns/schema/2.0"] == "https://v.example/nodeinfo/2.0"
        assert links["http://nodeinfo.diaspora.software/ns/schema/2.1"] == "https://v.example/nodeinfo/2.1"
        assert links["https://www.w3.org/ns/activitystreams#Application"] == "https://v.example/actor"

    @pytest.mark.parametrize("origin", ["https://v.example", "https://v.example:8443", "https://[::1]:8443"])
    def test_host_meta_leads_to_webfinger(self, origin: str) -> None:
        root = ElementTree.fromstring(host_meta(origin).encode())
        (link,) = root
        assert root.tag == "{http://docs.oasis-open.org/ns/xri/xrd-1.0}XRD"
        assert (link.get("rel"), link.get("template")) == ("lrdd", f"{origin}/.well-known/webfinger?resource={{uri}}")


def test_a_document_is_a_fresh_object_each_time() -> None:
    first = document(PERSON)
    first["@context"].clear()
    assert document(PERSON)["@context"][0] == AS
