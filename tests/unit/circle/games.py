"""Quarrels: people who found, admit, vote, remove, leave and move, each in knowledge of whatever part of the log a game gives them.

A game is a list of turns, each a few small numbers, so that a failing one can be shrunk.  Whoever acts may cite any past, name anybody, use an
old key: what is hostile and what is merely late cannot be told apart, and the log must bear both.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import strategies as st

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log, Stands
from fediverse_circle.vocab.circle.forms import Hash
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Admitting,
    Ancestor,
    Change,
    ChangeRules,
    Days,
    Demote,
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
)
from tests.unit.circle.cast import BEGINNING, Pen, Someone, base58_of, genesis, guest, key_of, someone

TABLE = Rules(Admitting("keepers", 1, "keeper"), 1, "join", None, None)
HOUSE = Rules(Admitting("members", 1, "either"), 1, "chosen", None, None)
VOUCHED = Rules(Admitting("members", 2, "either"), 2, "chosen", None, None)
STEWARDS = Rules(Admitting("keepers", 1, "either"), 1, Days(7), 86_400, "closed")
CLOSED = Rules(None, 1, "join", None, None)
PRESETS = (HOUSE, VOUCHED, STEWARDS, TABLE, CLOSED)
NOBODY_SAW = Seen(())
SIGNATURE = "z" + "1" * 88
PAUSES = (1, 3, 60, 60 * 24 * 2, 60 * 24 * 15, 60 * 24 * 31)


@dataclass(frozen=True, slots=True)
class Turn:
    """Who does what to whom, knowing what, after how long."""

    who: int
    what: int
    whom: int
    view: int
    pause: int
    which: int


turns = st.builds(
    Turn,
    who=st.integers(0, 7),
    what=st.integers(0, 19),
    whom=st.integers(0, 7),
    view=st.integers(0, 40),
    pause=st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 4, 5)),
    which=st.integers(0, 7),
)


@dataclass(slots=True)
class Game:
    """A circle being quarrelled in, and everything that was ever written there, valid or not."""

    founders: int
    rules: Rules
    linger: bool = False
    people: list[Someone] = field(init=False)
    log: Log = field(init=False)
    written: list[Entry] = field(init=False)
    pen: Pen = field(default_factory=Pen)

    def __post_init__(self) -> None:
        self.people = [someone(name) for name in "ABCDEF"] + [guest("G", "a.example"), guest("H", "b.example")]
        self.founders = max(self.founders, 2) if self.linger else self.founders
        parent = Lingering(Ancestor(Hash("zQm" + base58_of("parent", 44)), (Hash("zQm" + base58_of("head", 44)),)), None, 7)
        rules = CLOSED if self.linger else self.rules
        opening = genesis(self.people[: self.founders], rules, parent if self.linger else None, self.pen)
        self.log, self.written = Log(opening), [opening]
        for founder in self.people[: self.founders]:
            self._write(founder, Join(None), self.log.heads, 0)

    def play(self, turn: Turn) -> None:
        """One turn; `rally` is a turn of all keepers."""
        heads = self._view(turn.view)
        if turn.what >= 16:
            self._rally(turn, heads)
            return
        state = self.log.state_at(heads)
        if turn.what <= 1:
            self._join(turn, heads)
            return
        inside = [one for one in self.people if one.person in (state.keepers if turn.what > 8 else state.members)]
        who = self.people[turn.who] if turn.which == 6 or not inside else inside[turn.who % len(inside)]
        deed = self._deed(turn, who, heads)
        if deed is not None:
            self._write(who, deed, heads, turn.pause, old_key=turn.which == 7)

    def _view(self, view: int) -> tuple[Hash, ...]:
        """Mostly all there is; sometimes an old place, sometimes two."""
        if view < 24:
            return self.log.heads
        known = [entry.hash for entry in self.log.operations()]
        first = known[-1 - (view - 24) % len(known)]
        return (first,) if view < 36 else tuple(sorted({first, known[-1 - view % min(len(known), 7)]}))

    def _write(self, who: Someone, deed: object, heads: tuple[Hash, ...], pause: int, *, old_key: bool = False) -> Entry:
        published = max((self.log.operation(head).entry.said.published for head in heads), default=BEGINNING)
        member = self.log.state_at(heads).members.get(who.person)
        key = who.key if member is None or member.key is None or old_key else member.key
        speaker = someone(who.name)
        speaker.actor = who.actor if member is None else member.actor
        if isinstance(deed, Move):
            key, speaker.actor = who.person, deed.actor
        if isinstance(deed, Join):
            key, speaker.actor = who.key, who.actor
        entry = self.pen.write(speaker, deed, self.log.circle, heads, published + timedelta(minutes=PAUSES[pause]), key)
        self.written.append(entry)
        self.log.add(entry)
        return entry

    def _join(self, turn: Turn, heads: tuple[Hash, ...]) -> None:
        """Somebody who was admitted joins; or somebody who was not tries."""
        admissions = [(offer.hash, change.who.person) for offer, change in self._offers(heads) if isinstance(change, Admit)]
        if not admissions:
            self._write(self.people[turn.who], Join(None), heads, turn.pause)
            return
        admission, person = admissions[-1 - turn.which % min(4, len(admissions))]
        who = next(one for one in self.people if one.person == person)
        self._write(who, Join(admission), heads, turn.pause)

    def _offers(self, heads: tuple[Hash, ...]) -> list[tuple[Entry, Change]]:
        return [(one, one.said.deed.change) for one in self._known(heads) if isinstance(one.said.deed, Offer)]

    def _deed(self, turn: Turn, who: Someone, heads: tuple[Hash, ...]) -> object:
        known = self._known(heads)
        target = self._target(turn, who, heads)
        match turn.what:
            case 2 | 3:
                offers = [one for one in known if isinstance(one.said.deed, Offer)]
                return self._accept(offers[-1 - turn.which % min(3, len(offers))]) if offers else None
            case 4:
                return Leave(NOBODY_SAW)
            case 5:
                number = turn.which % 3
                key, server = key_of(f"{who.name} key {number}"), f"{who.name.lower()}{number}.example"
                return Move(who.person, f"https://{server}/users/{who.name}", key, f"https://{server}/inbox", SIGNATURE)
            case _:
                change = self._change(turn, target, known)
                return None if change is None else Offer(change, NOBODY_SAW if isinstance(change, Remove | Revoke) else None)

    def _target(self, turn: Turn, who: Someone, heads: tuple[Hash, ...]) -> Someone:
        """Mostly somebody for whom it makes sense."""
        state = self.log.state_at(heads)
        match turn.what:
            case 6 | 7 | 8 | 9:
                fitting = [one for one in self.people if one.person not in state.members]
            case 10:
                fitting = [one for one in self.people if one.person in state.members and one.person not in state.keepers]
            case 11:
                fitting = [one for one in self.people if one.person in state.keepers]
            case _:
                fitting = [one for one in self.people if one.person in state.members or one.person in state.invited]
        fitting = [one for one in fitting if one is not who]
        return self.people[turn.whom] if turn.which == 5 or not fitting else fitting[turn.whom % len(fitting)]

    def _change(self, turn: Turn, target: Someone, known: list[Entry]) -> Change | None:
        match turn.what:
            case 6 | 7 | 8:
                return Admit(target.identity, "member", ("join", "all", Days(3))[turn.which % 3])
            case 9:
                return Admit(target.identity, "keeper", "join" if self.rules is TABLE else "all")
            case 10:
                return Promote(target.person)
            case 11:
                return Demote(target.person)
            case 12 | 13:
                return Remove(target.person)
            case 14:
                return self._rare(turn, target, known)
            case _:
                return ChangeRules(PRESETS[turn.which % len(PRESETS)])

    def _rare(self, turn: Turn, target: Someone, known: list[Entry]) -> Change:
        number = turn.which % 3
        key = (target.key, key_of(f"{target.name} key {number}"), target.person)[number]
        match turn.which:
            case 0 | 1 | 2 | 3:
                return Revoke(target.person, key)
            case 4 | 5:
                server = f"{target.name.lower()}{number}.example"
                return Rebind(target.person, f"https://{server}/users/{target.name}", key, f"https://{server}/inbox")
            case 6:
                return Retract(known[0].hash)
            case _:
                return Keep()

    def _accept(self, offer: Entry) -> Accept:
        change = offer.said.deed.change if isinstance(offer.said.deed, Offer) else None
        return Accept(offer.hash, NOBODY_SAW if isinstance(change, Remove | Revoke) else None)

    def _known(self, heads: tuple[Hash, ...]) -> list[Entry]:
        unknown = {entry.hash for entry in self.log.unknown_to(heads)}
        return [entry for entry in self.log.operations() if entry.hash not in unknown]

    def _rally(self, turn: Turn, heads: tuple[Hash, ...]) -> None:
        """Some keepers vote for one of the last proposals, one after the other or side by side."""
        offers = [one for one in self._known(heads) if isinstance(one.said.deed, Offer)]
        if not offers:
            return
        offer = offers[-1 - turn.which % min(4, len(offers))]
        for place, person in enumerate(sorted(self.log.state_at(heads).keepers)):
            if (turn.who >> place & 1) == 0 or turn.what == 19:
                who = next(one for one in self.people if one.person == person)
                entry = self._write(who, self._accept(offer), heads, turn.pause % 2)
                if turn.what != 17 and entry.hash in self.log:
                    heads = (entry.hash,) if turn.what == 18 else tuple(sorted({*heads, entry.hash}))


games = st.builds(
    lambda founders, rules, linger, played: _played(Game(founders, PRESETS[rules], linger), played),
    founders=st.sampled_from((1, 2, 3, 3, 3, 4, 5)),
    rules=st.sampled_from((0, 0, 0, 1, 2, 3)),
    linger=st.sampled_from((False, False, False, False, False, True)),
    played=st.lists(turns, min_size=8, max_size=45),
)


def _played(game: Game, played: list[Turn]) -> Game:
    for turn in played:
        game.play(turn)
    return game


__all__ = ["Game", "Stands", "Turn", "games", "turns"]
