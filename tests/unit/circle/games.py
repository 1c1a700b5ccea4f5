"""Quarrels: people who found, admit, vote, remove, leave and move, each in knowledge of whatever part of the log a game gives them.

A game is a list of turns, each a few small numbers, so that a failing one can be shrunk.  Whoever acts may cite any past, name anybody, use an
old key: what is hostile and what is merely late cannot be told apart, and the log must bear both.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from math import prod

from hypothesis import HealthCheck, settings
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
    Create,
    Days,
    Delete,
    Demote,
    Describe,
    History,
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
from tests.unit.circle.cast import BEGINNING, Pen, Someone, base58_of, genesis, guest, key_of, someone

TABLE = Rules(Admitting("keepers", 1, "keeper"), 1, "join", None, None)
HOUSE = Rules(Admitting("members", 1, "either"), 1, "chosen", None, None)
VOUCHED = Rules(Admitting("members", 2, "either"), 2, "chosen", None, None)
STEWARDS = Rules(Admitting("keepers", 1, "either"), 1, Days(7), 86_400, "closed")
CLOSED = Rules(None, 1, "join", None, None)
PRESETS = (HOUSE, VOUCHED, STEWARDS, TABLE, CLOSED)
COMMITMENT = Hash("zQm" + base58_of("commitment", 44))
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


SIZES = (8, 26, 8, 41, 10, 8)
OFTEN = (0, 0, 0, 0, 1, 1, 2, 3, 4, 5)


def turn_of(number: int) -> Turn:
    """A turn out of one number: cheap to draw and to shrink."""
    drawn = []
    for size in SIZES:
        number, one = divmod(number, size)
        drawn.append(one)
    who, what, whom, view, pause, which = drawn
    return Turn(who, what, whom, view, OFTEN[pause], which)


turns = st.integers(0, prod(SIZES) - 1).map(turn_of)


@dataclass(slots=True)
class Game:
    """A circle being quarrelled in, and everything that was ever written there, valid or not."""

    founders: int
    rules: Rules
    linger: bool = False
    rogues: str = ""  # if given, nobody else acts once the founders have joined
    focus: bool = False  # nearly everything is about two people
    people: list[Someone] = field(init=False)
    log: Log = field(init=False)
    written: list[Entry] = field(init=False)
    pen: Pen = field(default_factory=Pen)
    said: dict[str, list[str]] = field(default_factory=dict)
    sides: list[tuple[Hash, ...]] = field(default_factory=lambda: [()] * 3)

    def __post_init__(self) -> None:
        self.people = [someone(name) for name in "ABCDEF"] + [guest("G", "a.example"), guest("H", "b.example")]
        self.founders = max(self.founders, 2) if self.linger else self.founders
        parent = Lingering(Ancestor(Hash("zQm" + base58_of("parent", 44)), (Hash("zQm" + base58_of("head", 44)),)), None, 7)
        rules = CLOSED if self.linger else self.rules
        opening = genesis(self.people[: self.founders], rules, parent if self.linger else None, self.pen)
        self.log, self.written = Log(opening), [opening]
        for founder in self.people[: self.founders]:
            self._write(founder, Join(None), self.log.heads, 0)
        if not self.linger and self.rules in (HOUSE, STEWARDS):
            for newcomer in self.people[self.founders : 6]:
                self._write(self.people[0], Offer(Admit(newcomer.identity, "member", self._history()), None), self.log.heads, 0)
                self._write(newcomer, Join(self.log.heads[0]), self.log.heads, 0)
        self.sides = [self.log.heads] * 3

    @property
    def operations(self) -> list[Entry]:
        """What was written about who is in, valid or not."""
        return [entry for entry in self.written if entry.is_operation]

    @property
    def acting(self) -> list[Someone]:
        """Whoever takes turns."""
        return [one for one in self.people if one.name in self.rogues] or self.people

    def play(self, turn: Turn) -> None:
        """One turn; `rally` is a turn of all keepers."""
        heads = self._view(turn.view)
        if turn.what >= 20:
            self._talk(turn, heads)
            return
        if turn.what >= 16:
            self._rally(turn, heads)
            return
        state = self.log.state_at(heads)
        if turn.what <= 1:
            self._join(turn, heads)
            return
        inside = [one for one in self.acting if one.person in (state.keepers if turn.what > 8 else state.members)]
        who = self.acting[turn.who % len(self.acting)] if turn.which == 6 or not inside else inside[turn.who % len(inside)]
        deed = self._deed(turn, who, heads)
        if deed is not None:
            self._write(who, deed, heads, turn.pause, old_key=turn.which == 7)

    def expel(self, whom: int) -> Someone | None:
        """All keepers remove one of those who are in, knowing everything; None if that cannot be."""
        state = self.log.state
        targets = [one for one in self.people if one.person in state.members]
        if not targets:
            return None
        target = targets[whom % len(targets)]
        keepers = [one for one in self.people if one.person in state.keepers and one.person in state.members and one is not target]
        for keeper in keepers:
            heads = self.log.heads
            offer = next((one for one, change in self._offers(heads)[-1:] if change == Remove(target.person)), None)
            deed = self._accept(offer) if offer else Offer(Remove(target.person), self._seen(target, 0))
            self._write(keeper, deed, heads, 1)
        return target if target.person not in self.log.state.members else None

    def _view(self, view: int) -> tuple[Hash, ...]:
        """One of three sides that do not hear of each other; or all there is, for everybody; or some old place, or two."""
        if view < 24:
            return self.sides[view // 8] or self.log.heads
        if view < 32:
            self.sides = [self.log.heads] * 3
            return self.log.heads
        known = [entry.hash for entry in self.log.operations()]
        first = known[-1 - (view - 32) % len(known)]
        return (first,) if view < 37 else tuple(sorted({first, known[-1 - view % min(len(known), 7)]}))

    def _write(
        self, who: Someone, deed: object, heads: tuple[Hash, ...], pause: int, *, old_key: bool = False, by_person: bool = False
    ) -> Entry:
        published = max((self.log.operation(head).entry.said.published for head in heads), default=BEGINNING)
        member = self.log.state_at(heads).members.get(who.person)
        key = who.key if member is None or member.key is None or old_key else member.key
        speaker = someone(who.name)
        speaker.actor = who.actor if member is None else member.actor
        if isinstance(deed, Move):
            key, speaker.actor = who.person, deed.actor
        if isinstance(deed, Join):
            key, speaker.actor = who.key, who.actor
        if by_person:
            key = who.person
        entry = self.pen.write(speaker, deed, self.log.circle, heads, published + timedelta(minutes=PAUSES[pause]), key)
        self.written.append(entry)
        if entry.is_operation and isinstance(self.log.add(entry), Stands):
            for side, seen in enumerate(self.sides):
                if seen and all(self.log.knows((entry.hash,), head) for head in seen):
                    self.sides[side] = (entry.hash,)
                    break
        return entry

    def _join(self, turn: Turn, heads: tuple[Hash, ...]) -> None:
        """Somebody who was admitted joins; or somebody who was not tries."""
        acting = {one.person for one in self.acting}
        admits = [(offer.hash, change.who.person) for offer, change in self._offers(heads) if isinstance(change, Admit)]
        admissions = [(offer, person) for offer, person in admits if person in acting]
        if not admissions:
            self._write(self.acting[turn.who % len(self.acting)], Join(None), heads, turn.pause)
            return
        admission, person = admissions[-1 - turn.which % min(4, len(admissions))]
        who = next(one for one in self.people if one.person == person)
        self._write(who, Join(admission), heads, turn.pause)

    def _history(self) -> History:
        return "all" if self.rules.history == "chosen" else self.rules.history

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
                return Leave(self._seen(who, turn.which))
            case 5:
                number = turn.which % 3
                key, server = key_of(f"{who.name} key {number}"), f"{who.name.lower()}{number}.example"
                return Move(who.person, f"https://{server}/users/{who.name}", key, f"https://{server}/inbox", SIGNATURE)
            case _:
                change = self._change(turn, target, known)
                return (
                    None
                    if change is None
                    else Offer(change, self._seen(target, turn.which) if isinstance(change, Remove | Revoke) else None)
                )

    def _target(self, turn: Turn, who: Someone, heads: tuple[Hash, ...]) -> Someone:
        """Mostly somebody for whom it makes sense."""
        state = self.log.state_at(heads)
        if self.focus and turn.whom < 7:
            return self.people[self.founders + turn.whom % 2]
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
                return Admit(target.identity, "member", ("join", "all", Days(3))[turn.which] if turn.which < 3 else self._history())
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
                said = [entry.hash for entry in self.written if isinstance(entry.said.deed, Create)]
                return Retract(said[turn.whom % len(said)] if said else known[0].hash)
            case _:
                return Keep()

    def _accept(self, offer: Entry) -> Accept:
        change = offer.said.deed.change if isinstance(offer.said.deed, Offer) else None
        if not isinstance(change, Remove | Revoke):
            return Accept(offer.hash, None)
        target = next(one for one in self.people if one.person == change.who)
        return Accept(offer.hash, self._seen(target, len(self.written)))

    def _known(self, heads: tuple[Hash, ...]) -> list[Entry]:
        unknown = {entry.hash for entry in self.log.unknown_to(heads)}
        return [entry for entry in self.log.operations() if entry.hash not in unknown]

    def _talk(self, turn: Turn, heads: tuple[Hash, ...]) -> None:
        """Something is said, said again, taken back, by somebody who may or may not."""
        state = self.log.state_at(heads)
        inside = [one for one in self.acting if one.person in state.members]
        who = self.acting[turn.who % len(self.acting)] if turn.which >= 6 or not inside else inside[turn.who % len(inside)]
        home = who.inbox.removesuffix("/inbox")
        mine = self.said.get(who.name, [])
        others = [name for names in self.said.values() for name in names]
        name = mine[turn.whom % len(mine)] if mine and turn.which != 5 else others[turn.whom % len(others)] if others else f"{home}/o/0"
        deed: object
        match turn.what:
            case 20 | 21:
                name = f"{home}/o/{turn.whom if turn.which == 4 else len(self.written)}"
                self.said.setdefault(who.name, []).append(name)
                deed = Create(name, COMMITMENT)
            case 22 | 23:
                deed = Update(name, COMMITMENT)
            case 24:
                deed = Describe(COMMITMENT) if turn.which < 3 else Delete(name)
            case _:
                deed = Withdraw(who.person, self._seen(who, turn.which)) if turn.which < 3 else Delete(name)
        self._write(who, deed, heads, turn.pause, old_key=turn.which == 7, by_person=turn.which == 2 and turn.what == 25)

    def _seen(self, who: Someone, less: int) -> Seen:
        """What somebody has seen of somebody's feeds, more or less of it."""
        keys = {who.key, who.person, *(key_of(f"{who.name} key {number}") for number in range(3))}
        return Seen(tuple(sorted((key, max(0, self.pen.tops[key][0] - less % 3)) for key in keys if key in self.pen.tops)))

    def _rally(self, turn: Turn, heads: tuple[Hash, ...]) -> None:
        """Some keepers vote for one of the last proposals, one after the other or side by side."""
        offers = [one for one in self._known(heads) if isinstance(one.said.deed, Offer)]
        if not offers:
            return
        offer = offers[-1 - turn.which % min(4, len(offers))]
        for place, person in enumerate(sorted(self.log.state_at(heads).keepers)):
            if (turn.who >> place & 1) == 0 or turn.what == 19:
                who = next((one for one in self.acting if one.person == person), None)
                if who is None:
                    continue
                if turn.what == 17 and turn.which % 2:
                    self._write(who, self._accept(offer), (offer.hash,), 0)  # and once more, beside it
                entry = self._write(who, self._accept(offer), heads, turn.pause % 2)
                if turn.what != 17 and entry.hash in self.log:
                    heads = (entry.hash,) if turn.what == 18 else tuple(sorted({*heads, entry.hash}))


games = st.builds(
    lambda founders, rules, linger, focus, played: _played(Game(founders, PRESETS[rules], linger, focus=focus), played),
    founders=st.sampled_from((1, 2, 3, 3, 3, 4, 5)),
    rules=st.sampled_from((0, 0, 0, 1, 2, 3)),
    linger=st.sampled_from((False, False, False, False, False, True)),
    focus=st.booleans(),
    played=st.lists(turns, min_size=8, max_size=45),
)


# A circle of three or five, of whom one or two and all who come later are rogues; the others join and do nothing any more.
rogue_games = st.builds(
    lambda founders, rules, played: _played(Game(founders, PRESETS[rules], rogues="AEFGH" if founders == 3 else "ABFGH"), played),
    founders=st.sampled_from((3, 5)),
    rules=st.sampled_from((0, 0, 1, 2, 3)),
    played=st.lists(turns, min_size=8, max_size=45),
)


lingers = st.builds(
    lambda founders, played: _played(Game(founders, CLOSED, linger=True), played),
    founders=st.integers(2, 5),
    played=st.lists(turns, min_size=8, max_size=45),
)


def _played(game: Game, played: list[Turn]) -> Game:
    for turn in played:
        game.play(turn)
    return game


many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
few = settings(many, max_examples=30)

__all__ = ["Game", "Stands", "Turn", "few", "games", "lingers", "many", "rogue_games", "turns"]
