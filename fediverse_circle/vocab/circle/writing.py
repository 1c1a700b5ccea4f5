"""Entries, written: from an `Envelope` to the JSON that is signed.  What `read_entry` reads of it is the same envelope."""

from typing import assert_never

from fediverse_circle.vocab.circle.forms import CONTEXT, Hash, link, written
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Ancestor,
    Change,
    ChangeRules,
    Create,
    Days,
    Deed,
    Delete,
    Demote,
    Describe,
    Envelope,
    Found,
    History,
    Identity,
    Join,
    Keep,
    Leave,
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

Json = dict[str, object]


def write_entry(envelope: Envelope) -> Json:
    """The entry without its proof."""
    return {
        "@context": CONTEXT,
        "actor": envelope.actor,
        "published": written(envelope.published),
        "seq": envelope.seq,
        **({} if envelope.circle is None else {"circle": link(envelope.circle), "heads": list(envelope.heads)}),
        **({} if envelope.prev is None else {"prev": envelope.prev}),
        **_deed(envelope.deed, envelope.circle),
    }


def write_rules(rules: Rules) -> Json:
    """A rules object (R25)."""
    admit: Json = {"by": "none"}
    if rules.admit is not None:
        admit = {"by": rules.admit.by, "n": rules.admit.n, "role": rules.admit.role}
    return {
        "admit": admit,
        "remove": {"n": rules.remove},
        "history": write_history(rules.history),
        **({} if rules.expire is None else {"expire": rules.expire}),
        **({} if rules.door is None else {"door": rules.door}),
    }


def write_history(history: History) -> object:
    """How far back a newcomer reads."""
    return {"days": history.days} if isinstance(history, Days) else history


def write_binding(actor: str, key: str, person: str) -> Json:
    """What a person key signs to vouch for a circle key (R5)."""
    return {"actor": actor, "key": key, "person": person, "type": "KeyBinding"}


def write_possession(actor: str, circle: Hash, key: str, person: str) -> Json:
    """What a new key signs to show that it is held (R24)."""
    return {"actor": actor, "circle": link(circle), "key": key, "person": person, "type": "KeyPossession"}


def _deed(deed: Deed, circle: Hash | None) -> Json:
    own = "" if circle is None else link(circle)
    match deed:
        case Found():
            return {"type": "Create", "object": _founding(deed)}
        case Join(admission):
            return {"type": "Join", "object": own, **({} if admission is None else {"admission": admission})}
        case Leave(seen):
            return {"type": "Leave", "object": own, "seen": _seen(seen)}
        case Move(person, actor, key, inbox, possession):
            target = {"actor": actor, "key": key, "inbox": inbox, "possession": possession}
            return {"type": "Move", "object": person, "target": target}
        case Offer(change, seen):
            return {"type": "Offer", "object": {"type": "CircleChange", **_change(change)}, **_optional_seen(seen)}
        case Accept(proposal, seen):
            return {"type": "Accept", "object": link(proposal), **_optional_seen(seen)}
        case Create(thing, commitment):
            return {"type": "Create", "object": thing, "commitment": commitment}
        case Update(thing, commitment):
            return {"type": "Update", "object": thing, "commitment": commitment}
        case Describe(commitment):
            return {"type": "Update", "object": own, "commitment": commitment}
        case Delete(thing):
            return {"type": "Delete", "object": thing}
        case Withdraw(person, seen):
            return {"type": "Delete", "object": person, "seen": _seen(seen)}
    assert_never(deed)


def _change(change: Change) -> Json:
    match change:
        case Admit(who, role, history):
            return {"kind": "admit", "who": write_identity(who), "role": role, "history": write_history(history)}
        case Promote(who):
            return {"kind": "promote", "who": who}
        case Demote(who):
            return {"kind": "demote", "who": who}
        case Remove(who):
            return {"kind": "remove", "who": who}
        case Revoke(who, key):
            return {"kind": "revoke", "who": who, "key": key}
        case Rebind(who, actor, key, inbox):
            return {"kind": "rebind", "who": {"person": who, "actor": actor, "key": key, "inbox": inbox}}
        case ChangeRules(rules):
            return {"kind": "rules", "rules": write_rules(rules)}
        case Retract(entry):
            return {"kind": "retract", "entry": entry}
        case Keep():
            return {"kind": "keep"}
    assert_never(change)


def _founding(found: Found) -> Json:
    document: Json = {
        "type": "Circle",
        "version": 1,
        "nonce": found.nonce,
        "founders": [write_identity(one) for one in found.founders],
        "rules": write_rules(found.rules),
    }
    if found.predecessor is not None:
        document["predecessor"] = _ancestor(found.predecessor)
    if found.linger is not None:
        document |= {"parent": _ancestor(found.linger.parent), "quietDays": found.linger.quiet_days}
        if found.linger.root is not None:
            document["root"] = found.linger.root
    return document


def write_identity(who: Identity) -> Json:
    """A person object (R5)."""
    return {
        "actor": who.actor,
        "person": who.person,
        "key": who.key,
        "inbox": who.inbox,
        **({} if who.binding is None else {"binding": who.binding}),
        **({} if who.host is None else {"host": who.host}),
    }


def _ancestor(ancestor: Ancestor) -> Json:
    return {"circle": link(ancestor.circle), "heads": list(ancestor.heads)}


def _seen(seen: Seen) -> Json:
    return dict(seen.tops)


def _optional_seen(seen: Seen | None) -> Json:
    return {} if seen is None else {"seen": _seen(seen)}
