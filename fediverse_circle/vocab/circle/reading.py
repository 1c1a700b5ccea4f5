"""Entries, read: from JSON to an `Envelope`, strictly.

Whatever is not exactly an entry is `Refused` with the number of the rule.  What needs a signature, a digest or the log to decide is not decided
here (`domain.circle`).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal

from fediverse_circle.vocab.circle.forms import (
    CONTEXT,
    Fields,
    Hash,
    Key,
    Refused,
    as_object,
    hashed,
    https,
    https_origin,
    is_salt,
    is_signature,
    key,
    linked,
    moment,
    origin_of,
    person,
    written,
)
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Admitting,
    Ancestor,
    Change,
    ChangeRules,
    Create,
    Days,
    Deed,
    Delete,
    Demote,
    Describe,
    Door,
    Envelope,
    Found,
    History,
    Identity,
    Join,
    Keep,
    Leave,
    Lingering,
    Move,
    Offer,
    Promote,
    Rebind,
    Remove,
    Retract,
    Revoke,
    Rules,
    Seen,
    Update,
    Withdraw,
)

MOST_FOUNDERS: Final = 16
MOST_HEADS: Final = 16
MOST_SEEN: Final = 32


def read_entry(value: object) -> Envelope:
    """The envelope that the JSON value is.  R3 (form), R4, R5 (form), R8, R11 (form), R23 to R25, R67 (form)."""
    fields = Fields(as_object(value, "R8"), "R8")
    fields.word("@context", CONTEXT)
    kind, proof = fields.text("type"), fields.take("proof")
    actor, published = https(fields.text("actor")), moment(fields.text("published"))
    seq = fields.whole("seq", 1)
    prev = fields.optional("prev", hashed) if seq > 1 else None
    if seq > 1 and prev is None:
        raise Refused("R8")
    circle: Hash | None = None
    heads: tuple[Hash, ...] = ()
    deed: Deed
    if kind == "Create" and not isinstance(_peek(value, "object"), str):
        deed = _founding(fields)
    else:
        circle, heads = linked(fields.text("circle")), read_heads(fields.take("heads"))
        deed = _deed(kind, fields, circle)
    fields.end()
    envelope = Envelope(actor, _signer(proof, written(published)), published, circle, seq, prev, heads, deed)
    _check_author(envelope)
    return envelope


def read_heads(value: object) -> tuple[Hash, ...]:
    """R11: 1 to 16 hashes, sorted by code point, unique."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_HEADS or not all(isinstance(one, str) for one in value):
        raise Refused("R11")
    heads = tuple(hashed(one) for one in value)
    if any(one >= other for one, other in pairwise(heads)):
        raise Refused("R11")
    return heads


def read_seen(value: object) -> Seen:
    """`{key: seq}`: of at most 32 feeds."""
    tops = Fields(value, "R8")
    pairs = sorted(as_object(value, "R8").items())
    if len(pairs) > MOST_SEEN:
        raise Refused("R8")
    return Seen(tuple((key(name), tops.within(top, 0)) for name, top in pairs))


def read_rules(value: object) -> Rules:
    """R25: a rules object, and nothing else in it."""
    fields = Fields(value, "R25")
    admit, remove = Fields(fields.take("admit"), "R25"), Fields(fields.take("remove"), "R25")
    rules = Rules(
        admit=_admitting(admit),
        remove=remove.whole("n", 1, 5),
        history=_history(fields, "R25"),
        expire=fields.whole("expire", 3_600, 315_360_000) if fields.has("expire") else None,
        door=_door(fields) if fields.has("door") else None,
    )
    for one in (admit, remove, fields):
        one.end()
    return rules


def _peek(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _signer(value: object, published: str) -> Key:
    """R3: a proof of exactly these fields; the key that it names."""
    proof = Fields(value, "R3")
    proof.word("@context", CONTEXT)
    proof.word("type", "DataIntegrityProof")
    proof.word("cryptosuite", "eddsa-jcs-2022")
    proof.word("proofPurpose", "assertionMethod")
    method, created, signature = proof.text("verificationMethod"), proof.text("created"), proof.take("proofValue")
    proof.end()
    did, _, fragment = method.partition("#")
    if created != published or f"did:key:{fragment}" != did or not is_signature(signature):
        raise Refused("R3")
    return key(did)


def _check_author(envelope: Envelope) -> None:
    match envelope.deed:
        case Found(founders=founders):
            if envelope.seq != 1 or not any(one.actor == envelope.actor and one.key == envelope.key for one in founders):
                raise Refused("R23")
        case Move(person=moved, actor=actor):
            if envelope.key != moved:  # a Move is signed by the person key
                raise Refused("R3")
            if envelope.actor != actor:
                raise Refused("R24")
        case _:
            pass


def _deed(kind: str, fields: Fields, circle: Hash) -> Deed:
    match kind:
        case "Join":
            _own(fields, circle)
            return Join(fields.optional("admission", hashed))
        case "Leave":
            _own(fields, circle)
            return Leave(read_seen(fields.take("seen")))
        case "Move":
            return _move(fields)
        case "Offer":
            change = _change(fields.take("object"))
            return Offer(change, read_seen(fields.take("seen")) if isinstance(change, Remove | Revoke) else None)
        case "Accept":
            return Accept(linked(fields.text("object")), read_seen(fields.take("seen")) if fields.has("seen") else None)
        case "Create":
            return Create(https(fields.text("object")), hashed(fields.text("commitment")))
        case "Update":
            return _update(fields, circle)
        case "Delete":
            return _delete(fields)
        case _:
            raise Refused("R8")  # no boosts, no quotes


def _own(fields: Fields, circle: Hash) -> None:
    if linked(fields.text("object")) != circle:
        raise Refused("R8")


def _update(fields: Fields, circle: Hash) -> Update | Describe:
    target, commitment = fields.text("object"), hashed(fields.text("commitment"))
    if not target.startswith("hl:"):
        return Update(https(target), commitment)
    if linked(target) != circle:
        raise Refused("R8")
    return Describe(commitment)


def _delete(fields: Fields) -> Delete | Withdraw:
    target = fields.text("object")
    if target.startswith("did:"):
        return Withdraw(person(target), read_seen(fields.take("seen")))
    return Delete(https(target))


def _move(fields: Fields) -> Move:
    """R24."""
    target = Fields(fields.take("target"), "R24")
    move = Move(
        person(fields.text("object")),
        https(target.text("actor")),
        key(target.text("key")),
        https(target.text("inbox")),
        target.text("possession"),
    )
    target.end()
    if origin_of(move.actor) != origin_of(move.inbox) or not is_signature(move.possession):
        raise Refused("R24")
    return move


def _change(value: object) -> Change:
    fields = Fields(value, "R8")
    fields.word("type", "CircleChange")
    change = _change_of_kind(fields.text("kind"), fields)
    fields.end()
    return change


def _change_of_kind(kind: str, fields: Fields) -> Change:
    match kind:
        case "admit":
            return Admit(_identity(fields.take("who")), fields.word("role", "member", "keeper"), _history(fields, "R8"))
        case "promote":
            return Promote(person(fields.text("who")))
        case "demote":
            return Demote(person(fields.text("who")))
        case "remove":
            return Remove(person(fields.text("who")))
        case "revoke":
            return Revoke(person(fields.text("who")), key(fields.text("key")))
        case "rebind":
            return _rebind(fields.take("who"))
        case "rules":
            return ChangeRules(read_rules(fields.take("rules")))
        case "retract":
            return Retract(hashed(fields.text("entry")))
        case "keep":
            return Keep()
        case _:
            raise Refused("R8")


def _identity(value: object) -> Identity:
    """R5: a person object.  Whether the binding holds is another question."""
    fields = Fields(value, "R5")
    who = Identity(
        actor=https(fields.text("actor")),
        person=person(fields.text("person")),
        key=key(fields.text("key")),
        inbox=https(fields.text("inbox")),
        binding=fields.optional("binding", str),
        host=fields.optional("host", https_origin),
    )
    fields.end()
    if (who.binding is None) != (who.key == who.person) or (who.binding is not None and not is_signature(who.binding)):
        raise Refused("R5")
    home = origin_of(who.actor)
    if origin_of(who.inbox) != (who.host or home) or who.host == home:
        raise Refused("R5")
    return who


def _rebind(value: object) -> Rebind:
    """A person object without binding: the keepers vouch."""
    fields = Fields(value, "R5")
    rebind = Rebind(person(fields.text("person")), https(fields.text("actor")), key(fields.text("key")), https(fields.text("inbox")))
    fields.end()
    if origin_of(rebind.actor) != origin_of(rebind.inbox):
        raise Refused("R5")
    return rebind


def _founding(fields: Fields) -> Found:
    """R23 and, of a linger, R67."""
    genesis = Fields(fields.take("object"), "R23")
    genesis.word("type", "Circle")
    genesis.whole("version", 1, 1)
    found = Found(
        nonce=genesis.text("nonce"),
        founders=tuple(_identity(one) for one in genesis.items("founders", 1, MOST_FOUNDERS)),
        rules=read_rules(genesis.take("rules")),
        predecessor=_ancestor(genesis.take("predecessor"), "R23") if genesis.has("predecessor") else None,
        linger=_lingering(genesis) if genesis.has("parent") else None,
    )
    genesis.end()
    if not is_salt(found.nonce) or any(one.host is not None for one in found.founders) or not _all_different(found.founders):
        raise Refused("R23")
    if found.linger is not None and (len(found.founders) < 2 or found.rules.admit is not None or found.predecessor is not None):
        raise Refused("R67")
    return found


def _all_different(founders: Sequence[Identity]) -> bool:
    """Whether persons, keys and actors are all different, and nobody's person key another's circle key."""
    persons, keys = [one.person for one in founders], [one.key for one in founders]
    crossed = any(one.key == other.person for one in founders for other in founders if one is not other)
    return not crossed and all(len(set(names)) == len(founders) for names in (persons, keys, [one.actor for one in founders]))


def _lingering(genesis: Fields) -> Lingering:
    parent = _ancestor(genesis.take("parent"), "R67")
    root = genesis.optional("root", hashed)
    if not genesis.has("quietDays"):
        raise Refused("R67")
    return Lingering(parent, root, genesis.whole("quietDays", 1, 90))


def _ancestor(value: object, rule: str) -> Ancestor:
    fields = Fields(value, rule)
    ancestor = Ancestor(linked(fields.text("circle")), read_heads(fields.take("heads")))
    fields.end()
    return ancestor


def _admitting(fields: Fields) -> Admitting | None:
    by: Literal["members", "keepers", "none"] = fields.word("by", "members", "keepers", "none")
    if by == "none":
        return None
    return Admitting(by, fields.whole("n", 1, 5), fields.word("role", "member", "keeper", "either"))


def _door(fields: Fields) -> Door:
    return fields.word("door", "secret", "closed", "ask")


def _history(fields: Fields, rule: str) -> History:
    value = fields.take("history")
    if isinstance(value, dict):
        span = Fields(value, rule)
        days = Days(span.whole("days", 1, 3_650))
        span.end()
        return days
    match value:
        case "join" | "all" | "chosen":
            return value
        case _:
            raise Refused(rule)
