"""Tolerant where servers differ, strict where a difference would be a door."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fediverse_circle.core.errors import Invalid, TooLarge
from fediverse_circle.vocab import (
    DEEPEST,
    LARGEST,
    LONGEST_LIST,
    PUBLIC,
    Activity,
    Collection,
    EmbeddedActivity,
    Emoji,
    Hashtag,
    Malformed,
    Mention,
    Multikey,
    NoId,
    Note,
    PemKey,
    Ref,
    Several,
    Tombstone,
    Unknown,
    read,
    read_activity,
    read_actor,
    read_collection,
    read_jrd,
    read_keys,
    read_note,
)

from .cast import MIA, MO, note, sent

NO_ID: list[Any] = [
    *(["https://w.example/1"], {"id": "https://w.example/1"}, 1, None, True, "", "x" * 10_000, "https://w.example/" + "x" * 10_240),
    *("javascript:alert(1)", "data:text/html,x", "bear:?t=1&u=https://w.example/1", "#1", "/notes/1", "w.example/1", "acct:mo@w.example"),
    *(
        "https://mo@w.example/1",
        "https://w.example\\@e.example/1",
        "https://w.example/ 1",
        "https://w.example/1\n",
        "https://w.example/1\0",
    ),
    *("HTTPS://w.example/1", "https://W.example/1", "https://w.example:443/1", "https://w.example./1", "ftp://w.example/1", "https:///1"),
]


def one(**changes: Any) -> Note:
    """The note that arrives with these differences."""
    found = read_activity(sent(object=note(**changes))).object
    assert isinstance(found, Note)
    return found


def refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_activity(data)


class TestIds:
    """Attacks 3 and 34."""

    @pytest.mark.parametrize("value", NO_ID, ids=lambda value: repr(value)[:40])
    def test_an_id_is_one_url_in_its_one_spelling(self, value: object) -> None:
        refused(sent(id=value))
        refused(sent(object=note(id=value)))
        refused(sent("Update", object={"type": "Person", "id": value}))
        refused(sent("Delete", object={"type": "Tombstone", "id": value}))
        for read_one, kind in ((read_note, "Note"), (read_actor, "Person")):
            with pytest.raises(Malformed):
                read_one(json.dumps({"id": value, "type": kind}).encode())
        if value is not None:  # an embedded activity may go without id, but not with something else in its place
            refused(sent("Undo", object={"type": "Follow", "id": value, "actor": MO, "object": MIA}))
        if value != "https://w.example/1":
            assert read_activity(sent("Add", object={"type": "Thing", "id": value})).object == Unknown("Thing", None)

    @pytest.mark.parametrize("value", [value for value in NO_ID if isinstance(value, str)], ids=lambda value: repr(value)[:40])
    def test_what_is_no_id_refers_to_nothing(self, value: str) -> None:
        found = one(
            inReplyTo=value, attributedTo=value, context=value, to=value, cc=[value], tag={"type": "Mention", "href": value}, quote=value
        )
        assert (found.in_reply_to, found.attributed_to, found.context, found.to, found.cc, found.tags, found.quote) == (
            None,
            None,
            None,
            (),
            (),
            (),
            None,
        )
        said = read_activity(sent("Undo", object=value, target=value))
        assert (said.object, said.target) == (Unknown("", None), None)

    def test_a_fragment_that_follows_a_url_belongs_to_the_id(self) -> None:
        assert read_activity(sent(id=f"{MO}#follows/1")).id == f"{MO}#follows/1"

    def test_an_activity_without_id_is_told_apart_from_a_malformed_one(self) -> None:
        with pytest.raises(NoId):
            read_activity(sent(id=...))
        with pytest.raises(Malformed) as caught:
            read_activity(sent(id=None))
        assert not isinstance(caught.value, NoId)

    @pytest.mark.parametrize(
        "actor", [..., None, [MIA, MO], [MO], {"id": MO, "type": "Person"}, {"id": MO, "alice": {"id": MIA}}, "", "mo", 1]
    )
    def test_the_actor_is_one_string(self, actor: object) -> None:
        refused(sent(actor=actor))

    def test_a_type_there_must_be(self) -> None:
        for kind in (..., None, "", [], {}, 1, "x" * 200, ["x\n"]):
            refused(sent(type=kind))
        assert read_activity(sent(type=["Create", "x:Y"])).type == "Create"

    @pytest.mark.parametrize("author", [None, [], [MO], [MO, MIA], {"id": MO}, [{"id": MO}], "mo", 1])
    def test_a_note_has_one_author_or_none_that_counts(self, author: object) -> None:
        assert one(attributedTo=author).attributed_to is None
        assert one(attributedTo=MO).attributed_to == MO


class TestBounds:
    """Attacks 70 and 71, and what no two readers read alike."""

    def test_a_megabyte_is_read_and_one_byte_more_is_not(self) -> None:
        rest = LARGEST - len(sent(object=note(content="")))
        assert len(one(content="x" * rest).content) == rest
        with pytest.raises(TooLarge):
            read_activity(sent(object=note(content="x" * (rest + 1))))

    def test_lists_of_addresses_and_tags_have_an_end(self) -> None:
        many = [f"https://w.example/{number}" for number in range(LONGEST_LIST + 1)]
        tags = [{"type": "Mention", "href": href} for href in many]
        for changes in ({"to": many}, {"cc": many}, {"tag": tags}):
            refused(sent(object=note(**changes)))
        refused(sent(to=many))
        refused(sent("Flag", object=many))
        assert len(one(to=many[:-1], tag=tags[:-1]).tags) == LONGEST_LIST
        assert len(one(attachment=[{"type": "Image", "url": "https://w.example/1"}] * 1000).attachments) == 32

    @pytest.mark.parametrize("depth", [DEEPEST + 1, 100, 1000, 20_000])
    def test_deep_nesting_is_refused_before_anybody_descends(self, depth: int) -> None:
        around = sent(object="@").split(b'"@"')
        for opening, closing in ((b"[", b"]"), (b'{"object":', b"}"), (b'[{"a\\"]}":', b"}]")):
            refused(around[0] + opening * depth + b"1" + closing * depth + around[1])
            refused(around[0] + opening * depth)
        assert read_activity(around[0] + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + around[1]).object == Unknown("", None)

    def test_brackets_within_strings_are_no_nesting(self) -> None:
        for words in ("[" * 5000, '"{' * 5000, '\\"{' * 5000, "\\" * 5001, "[]{" * 1000 + "\\"):
            assert one(content=words).content == words

    @pytest.mark.parametrize(
        "data",
        [
            *(
                b"",
                b" ",
                b"null",
                b"1",
                b'"x"',
                b"[]",
                b"[{}]",
                b"{",
                b"}",
                b'{"a"',
                b"{'a':1}",
                b'{"a":1,}',
                b'{"a":NaN}',
                b'{"a":Infinity}',
                b'{"a":1e999}',
            ),
            *(
                b"\xff",
                b'{"a":"\xff"}',
                b'{"a":"\\ud800"}',
                b"\xef\xbb\xbf{}",
                b"{}{}",
                b"<html>",
                b'{"a":' + b"9" * 5000 + b"}",
                b'{"a":-' + b"9" * 5000 + b"}",
            ),
        ],
        ids=lambda data: repr(data[:12]),
    )
    def test_what_is_not_one_json_object_is_malformed(self, data: bytes) -> None:
        for read_one in (read, read_activity, read_actor, read_note, read_keys, read_collection, read_jrd):
            with pytest.raises(Malformed):
                read_one(data)

    def test_a_name_that_stands_twice_is_refused(self) -> None:
        whole = sent().decode()
        refused(whole.replace('"type": "Create"', '"type": "Create", "type": "Delete"').encode())
        refused(whole.replace('"type": "Note"', '"type": "Note", "\\u0074ype": "Note"').encode())
        refused(whole.replace('"type": "Note"', '"x": {"a": {}, "a": {}}, "type": "Note"').encode())
        assert read_activity(whole.replace('"type": "Note"', '"a\\"b": "\\\\", "c": {"type": "\\u0022"}, "type": "Note"').encode())

    def test_a_backslash_may_be_spelt_in_two_ways(self) -> None:
        assert read_activity(sent(content="@").replace(b'"@"', b'"\\u005c"')).type == "Create"

    def test_malformed_is_invalid_and_quotes_nothing(self) -> None:
        assert issubclass(Malformed, Invalid)
        for data in (
            sent(id="javascript:canary"),
            sent(actor="canary"),
            b'{"canary',
            sent(type=None, object="canary"),
            sent(to=["canary"] * 2000),
        ):
            with pytest.raises(Malformed) as caught:
                read_activity(data)
            assert "canary" not in str(caught.value) + repr(caught.value)


class TestAddressing:
    def test_one_is_as_good_as_a_list_and_nothing_as_good_as_none(self) -> None:
        assert one(to=MO).to == one(to=[MO]).to == one(to=[MO, MO]).to == (MO,)
        assert one(to=None).to == one(to=[]).to == ()

    @pytest.mark.parametrize("name", [PUBLIC, "as:Public", "Public"])
    def test_the_public_has_one_name(self, name: str) -> None:
        assert one(to=name).to == (PUBLIC,)

    def test_what_names_nobody_addresses_nobody(self) -> None:
        assert one(to=[{"id": MO}, [MO], 1, None, "mo", "acct:mo@w.example", "javascript:x", MIA]).to == (MIA,)

    def test_hidden_and_odd_addresses_are_not_even_read(self) -> None:
        said = read_activity(sent(bto=MO, bcc=[MO], audience=MO, object=note(bto=MIA, bcc=MIA, audience=MIA)))
        assert isinstance(said.object, Note)
        assert {*said.to, *said.cc, *said.object.to, *said.object.cc} == {PUBLIC}


class TestThings:
    def test_an_id_is_as_good_as_an_object_where_only_the_id_counts(self) -> None:
        for value in (MIA, {"id": MIA, "type": "Person"}, [MIA], [{"id": MIA}]):
            assert one(inReplyTo=value).in_reply_to == MIA
        for value in (None, [], [MIA, MO], {"type": "Note"}, "javascript:x", 7):
            assert one(inReplyTo=value).in_reply_to is None

    def test_what_an_activity_is_done_to_is_told_apart(self) -> None:
        def thing(value: object) -> object:
            return read_activity(sent("Undo", object=value)).object

        assert thing(MIA) == thing([MIA]) == thing({"id": MIA}) == Ref(MIA)
        assert thing({"id": MIA, "type": "Tombstone"}) == Tombstone(MIA)
        assert thing({"type": "Follow", "actor": MO, "object": {"id": MIA, "type": "Person"}}) == EmbeddedActivity("Follow", None, MO, MIA)
        assert thing({"type": "Follow", "id": None}) == EmbeddedActivity("Follow", None, None, None)
        assert thing([MO, {"type": "Thing"}]) == Several((Ref(MO), Unknown("Thing", None)))
        assert thing({"type": "Spaceship", "id": MIA}) == Unknown("Spaceship", MIA)
        assert thing("bear:?u=https://w.example/1") == thing(7) == thing({}) == thing([[]]) == Unknown("", None)
        assert thing(None) is thing([]) is None

    def test_an_activity_of_an_unknown_kind_is_kept_whole(self) -> None:
        body = sent("Wave", object={"type": "Hand"}, target={"id": MIA}, published="2026-11-20T18:00:00Z")
        said = read_activity(body)
        assert (said.type, said.object, said.target, said.raw) == ("Wave", Unknown("Hand", None), MIA, body)
        assert said.published == datetime(2026, 11, 20, 18, tzinfo=UTC)

    @pytest.mark.parametrize("kind", ["Note", "Article", "Page", "Question", "Event", "Video"])
    def test_whatever_is_said_has_one_shape(self, kind: str) -> None:
        found = read(json.dumps(note(type=kind)).encode())
        assert isinstance(found, Note)
        assert found.type == kind
        assert read_note(json.dumps(note(type=kind)).encode()) == found

    def test_a_reader_of_one_kind_refuses_another(self) -> None:
        for read_one in (read_actor, read_collection):
            with pytest.raises(Malformed):
                read_one(json.dumps(note()).encode())
        with pytest.raises(Malformed):
            read_note(json.dumps({"id": MO, "type": "Person"}).encode())

    def test_whatever_is_fetched_is_told_apart(self) -> None:
        assert isinstance(read(sent()), Activity)
        assert isinstance(read(json.dumps({"type": "Collection"}).encode()), Collection)
        assert read(json.dumps({"type": "Tombstone", "id": MO}).encode()) == Tombstone(MO)


class TestWords:
    def test_the_language_is_that_of_the_words(self) -> None:
        assert one(contentMap={"fr": "<p>salut</p>", "en": "<p>hi</p>"}).language == "en"
        assert one(contentMap={"fr": "<p>salut</p>"}).language is None
        assert one(contentMap={"not a language": "<p>hi</p>"}).language is None
        alone = one(content=None, contentMap={"de": "<p>hallo</p>"})
        assert (alone.content, alone.language) == ("<p>hallo</p>", "de")

    def test_an_empty_text_is_none_and_a_missing_content_is_empty(self) -> None:
        found = one(summary="", name="", content=None)
        assert (found.summary, found.name, found.content) == (None, None, "")

    def test_texts_of_other_kinds_are_none(self) -> None:
        for value in (1, [], {}, ["x"], True):
            found = one(summary=value, name=value, content=value, published=value, url=value, sensitive=value, context=value, tag=value)
            assert (found.summary, found.name, found.content, found.published, found.url, found.context) == (
                None,
                None,
                "",
                None,
                None,
                None,
            )
            assert found.sensitive is (value is True)

    def test_long_texts_are_cut_to_what_is_kept(self) -> None:
        found = one(summary="s" * 30_000, name="n" * 3000, attachment={"type": "Image", "url": "https://w.example/1", "name": "d" * 20_000})
        assert found.summary is not None
        assert found.name is not None
        assert found.attachments[0].description is not None
        assert (len(found.summary), len(found.name), len(found.attachments[0].description)) == (20_000, 2048, 10_000)

    def test_no_text_holds_what_a_database_refuses(self) -> None:
        found = one(content="a\0b", summary="\0", contentMap={"en": "a\0b"}, tag={"type": "Hashtag", "name": "#a\0b"})
        assert (found.content, found.summary, found.language, found.tags) == ("ab", None, "en", (Hashtag("ab"),))

    @pytest.mark.parametrize(
        ("said", "when"),
        [
            ("2026-11-20T18:00:00Z", datetime(2026, 11, 20, 18, tzinfo=UTC)),
            ("2026-11-20T18:00:00.123456789Z", datetime(2026, 11, 20, 18, microsecond=123456, tzinfo=UTC)),
            ("2026-11-20T19:00:00+01:00", datetime(2026, 11, 20, 19, tzinfo=timezone(timedelta(hours=1)))),
            ("2026-11-20T18:00:00", datetime(2026, 11, 20, 18, tzinfo=UTC)),
            ("0001-01-01T00:00:00+01:00", None),
            ("9999-12-31T23:59:59-01:00", None),
            ("yesterday", None),
            ("", None),
            ("2026-13-20T18:00:00Z", None),
            ("2026-11-20T18:00:00Z" + " " * 100, None),
        ],
    )
    def test_times_are_utc_or_none(self, said: str, when: datetime | None) -> None:
        found = one(published=said).published
        assert found == when
        assert found is None or found.utcoffset() == timedelta(0)

    def test_a_page_is_preferred_among_several_addresses(self) -> None:
        page = {"type": "Link", "mediaType": "text/html", "href": "https://w.example/page"}
        film = {"type": "Link", "mediaType": "video/mp4", "href": "https://w.example/film"}
        assert one(url=[film, page]).url == "https://w.example/page"
        assert one(url=[film]).url == "https://w.example/film"
        assert one(url=["javascript:x", "https://w.example/a"]).url == "https://w.example/a"
        assert one(url="javascript:x").url is None


class TestTags:
    def test_tags_that_say_nothing_are_left_out(self) -> None:
        icon = {"type": "Image", "url": "https://w.example/blob.png"}
        tags = [
            *({"type": "Mention", "href": MIA, "name": "@mia"}, {"type": "Mention", "href": "javascript:x"}, {"type": "Mention"}),
            *(
                {"type": "Hashtag", "name": "#tea"},
                {"type": "Hashtag", "name": "#"},
                {"type": "Hashtag", "name": 1},
                {"type": "Other"},
                "x",
                None,
            ),
            *(
                {"type": "Emoji", "name": ":blob:", "icon": icon},
                {"type": "Emoji", "name": ":a b:", "icon": icon},
                {"type": "Emoji", "name": ":c:"},
            ),
        ]
        assert one(tag=tags).tags == (Mention(MIA, "@mia"), Hashtag("tea"), Emoji("blob", "https://w.example/blob.png"))
        assert one(tag=tags[0]).tags == (Mention(MIA, "@mia"),)

    def test_attachments_without_an_address_are_left_out(self) -> None:
        found = one(
            attachment=[{"type": "Image"}, {"type": "Image", "url": "data:image/png,x"}, {"type": "Link", "href": "https://w.example/1"}]
        ).attachments
        assert [item.url for item in found] == ["https://w.example/1"]

    @pytest.mark.parametrize("focus", [[2, 0], [0, -1.5], [0], "0,0", ["0", 0], None])
    def test_what_an_attachment_says_of_itself_is_checked(self, focus: object) -> None:
        odd = {
            "type": "Image",
            "url": "https://w.example/1",
            "mediaType": "image/png\r\nX: y",
            "width": -1,
            "height": 1 << 40,
            "focalPoint": focus,
        }
        (found,) = one(attachment=odd).attachments
        assert (found.media_type, found.width, found.height, found.focus) == (None, None, None, None)
        assert one(attachment={**odd, "width": True, "focalPoint": [1, -1]}).attachments[0].focus == (1.0, -1.0)
        assert one(attachment={**odd, "width": True}).attachments[0].width is None

    def test_a_poll_of_many_answers_is_told_from_one_of_one(self) -> None:
        many, single = one(anyOf=[{"name": "a"}, {"name": 1}, "x"]).poll, one(oneOf=[{"name": "a"}], closed="2026-11-20T18:00:00Z").poll
        assert many is not None
        assert single is not None
        assert (many.several, single.several, len(many.options)) == (True, False, 1)
        assert single.ends == single.closed == datetime(2026, 11, 20, 18, tzinfo=UTC)
        assert one(oneOf=[], anyOf="x").poll is None

    def test_older_words_of_a_policy_count_where_the_newer_are_missing(self) -> None:
        policy = one(
            interactionPolicy={
                "canReply": {"always": MO, "approvalRequired": ["as:Public"]},
                "canLike": {"always": MO, "automaticApproval": []},
            }
        ).policy
        assert policy is not None
        assert policy.reply is not None
        assert policy.like is not None
        assert (policy.reply.automatic, policy.reply.manual, policy.like.automatic, policy.announce) == ((MO,), (PUBLIC,), (), None)

    @pytest.mark.parametrize("name", ["quote", "quoteUri", "quoteUrl", "_misskey_quote"])
    def test_a_quote_is_read_by_all_its_names(self, name: str) -> None:
        assert one(**{name: MIA}).quote == MIA


class TestActors:
    def test_keys_that_are_none_are_left_out(self) -> None:
        pem = {"id": f"{MO}#main-key", "owner": MO, "publicKeyPem": "PEM"}
        multi = {"id": f"{MO}#ed25519-key", "type": "Multikey", "controller": MO, "publicKeyMultibase": "z6Mk"}
        actor = {
            "id": MO,
            "type": "Person",
            "publicKey": [pem, {**pem, "owner": None}, "x"],
            "assertionMethod": [multi, {**multi, "id": 1}, MO],
        }
        found = read_actor(json.dumps(actor).encode()).keys
        assert found == (PemKey(f"{MO}#main-key", MO, "PEM"), Multikey(f"{MO}#ed25519-key", MO, "z6Mk"))
        assert read_keys(json.dumps(actor).encode()) == found

    def test_a_key_that_stands_alone_is_read(self) -> None:
        alone = {"id": f"{MO}/main-key", "type": "CryptographicKey", "owner": {"id": MO}, "publicKeyPem": "PEM"}
        assert read_keys(json.dumps(alone).encode()) == (PemKey(f"{MO}/main-key", MO, "PEM"),)
        assert read_keys(json.dumps(note()).encode()) == ()

    def test_an_actor_needs_an_id_and_nothing_else(self) -> None:
        bare = read_actor(json.dumps({"id": MO, "type": "Person"}).encode())
        addresses = (
            "inbox",
            "outbox",
            "followers",
            "following",
            "featured",
            "url",
            "icon",
            "image",
            "endpoints",
            "publicKey",
            "assertionMethod",
        )
        flags = ("manuallyApprovesFollowers", "discoverable", "indexable")
        odd = dict.fromkeys(("preferredUsername", "name", "summary", "webfinger", "tag", *addresses, *flags), 7)
        whole = {"id": MO, "type": "Person", **odd, "attachment": "x", "alsoKnownAs": {}, "movedTo": []}
        assert read_actor(json.dumps(whole).encode()) == bare
        assert (bare.inbox, bare.locked, bare.discoverable, bare.indexable, bare.keys) == (None, False, False, False, ())

    def test_pictures_are_addresses_or_objects(self) -> None:
        for icon in ("https://w.example/i", {"url": "https://w.example/i"}, [{"type": "Image", "url": [{"href": "https://w.example/i"}]}]):
            assert read_actor(json.dumps({"id": MO, "type": "Person", "icon": icon}).encode()).icon == "https://w.example/i"

    def test_an_inbox_is_a_url_and_nothing_like_one(self) -> None:
        for inbox in ("javascript:x", "https://a@b.example/", {"id": MO}, [MO]):
            assert (
                read_actor(json.dumps({"id": MO, "type": "Person", "inbox": inbox, "endpoints": {"sharedInbox": inbox}}).encode()).inbox
                is None
            )


class TestCollections:
    def test_members_that_cannot_be_read_are_left_out_and_so_is_what_never_ends(self) -> None:
        members = [MO, note(id=1), {"type": "Create", "id": MO}, json.loads(sent()), *[MIA] * 2000]
        found = read_collection(json.dumps({"id": MO, "type": "OrderedCollectionPage", "orderedItems": members}).encode())
        assert found.items is not None
        assert len(found.items) == LONGEST_LIST - 2
        assert found.items[0] == Ref(MO)
        assert isinstance(found.items[1], Activity)

    def test_a_page_within_is_read_one_level_deep(self) -> None:
        page = {"type": "CollectionPage", "items": MO, "next": "https://w.example/2"}
        found = read_collection(json.dumps({"type": "Collection", "first": {**page, "first": page}}).encode())
        assert found.first is None
        found = read_collection(json.dumps({"type": "Collection", "first": page}).encode())
        assert isinstance(found.first, Collection)
        assert (found.first.items, found.first.next) == ((Ref(MO),), "https://w.example/2")
        assert read_collection(json.dumps({"type": "Collection", "first": MO}).encode()).first == MO


def test_nothing_private_is_shown() -> None:
    body = sent(object=note(content="canary", summary="canary", tag={"type": "Mention", "href": MIA, "name": "canary"}))
    said = read_activity(body)
    actor = read_actor(
        json.dumps(
            {"id": MO, "type": "Person", "summary": "canary", "attachment": {"type": "PropertyValue", "name": "canary", "value": "canary"}}
        ).encode()
    )
    assert isinstance(said.object, Note)
    assert "canary" not in repr([said, said.object, said.object.tags, actor, actor.properties, said.raw and said])
