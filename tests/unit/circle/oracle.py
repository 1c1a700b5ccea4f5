"""CIRCLES.md, sections 7 and 8, told once more: word by word, with sets, slowly.  It shares nothing with the program but the types of entries.

Functions bear the names they have in the text.  A state is what R42 writes; `S` is a frozenset of hashes.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    ChangeRules,
    Days,
    Demote,
    Found,
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
)


def origin(url):
    return urlsplit(url).scheme + "://" + urlsplit(url).netloc


@dataclass(frozen=True)
class Record:
    """What section 7 says is recorded of an operation."""

    person: str
    known: frozenset
    major: bool
    base: frozenset
    rules: object
    sealed: bool


@dataclass(frozen=True)
class Outcome:
    members: dict
    keepers: frozenset
    rules: object
    carried: frozenset
    reducing: frozenset
    retracted: frozenset
    kept: bool
    invited: dict

    def comparable(self):
        return (self.members, self.keepers, self.rules, self.carried, self.reducing, self.retracted, self.kept)


class Oracle:
    """Everything somebody was told, judged."""

    def __init__(self, genesis: Entry):
        self.genesis = genesis.hash
        self.founding = genesis.said.deed
        self.entries = {genesis.hash: genesis}
        self.pasts = {genesis.hash: frozenset()}
        author = next(f.person for f in self.founding.founders if f.key == genesis.said.key)
        self.records = {genesis.hash: Record(author, frozenset(), False, frozenset(), self.founding.rules, False)}
        self.states = {}

    # reading an operation

    def deed(self, x):
        return self.entries[x].said.deed

    def change(self, x):
        deed = self.deed(x)
        return deed.change if isinstance(deed, Offer) else None

    def who(self, x):
        change = self.change(x)
        return change.who.person if isinstance(change, Admit) else getattr(change, "who", None)

    def person(self, x):
        return self.records[x].person

    def before(self, x, y):
        return x in self.pasts[y] or x == y

    # section 7

    def tell(self, entry: Entry):
        """True: it stands.  False: it does not.  None: something is missing."""
        if entry.hash in self.entries:
            return True
        said = entry.said
        if said.circle != self.genesis or isinstance(said.deed, Found):
            return False
        if any(head not in self.entries for head in said.heads):
            return None
        past = frozenset(said.heads).union(*(self.pasts[head] for head in said.heads))
        st = self.state(past)
        record = self.judged(entry, past, st)
        if record is None:
            return False
        self.entries[entry.hash], self.pasts[entry.hash], self.records[entry.hash] = entry, past, record
        return True

    def judged(self, entry, past, st):
        said, deed = entry.said, entry.said.deed
        if any(said.published < self.entries[head].said.published for head in said.heads):
            return None  # R29
        me = self.r27(said, deed, st)
        if me is None:
            return None
        recent = [x for x in past if self.person(x) == me and self.entries[x].said.published > said.published - timedelta(hours=24)]
        if len(recent) >= 200:
            return None  # R30
        if not isinstance(deed, Join):  # R28
            if me not in st.members:
                return None
            if isinstance(deed, Move):
                if said.key != me or any(
                    isinstance(self.change(r), Revoke) and self.who(r) == me and self.change(r).key == me for r in st.reducing
                ):
                    return None
            elif st.members[me]["key"] != said.key:
                return None
            if "host" in st.members[me] and not isinstance(deed, Leave):  # R33
                return None
        major, base, sealed = False, frozenset(), False
        if isinstance(deed, Join) and not self.may_join(said, deed, me, past, st):
            return None
        if isinstance(deed, Move) and (self.taken(deed.key, deed.actor, me, st) or self.founders_key(deed.key, me, past)):
            return None
        if isinstance(deed, Offer):
            if not self.may_offer(said, deed.change, me, past, st):
                return None
            major = self.is_major(deed.change, st)
            base = st.keepers if major else frozenset()
        if isinstance(deed, Accept):
            if not self.may_accept(said, deed, me, past, st):
                return None
            sealed = deed.proposal in st.carried
        return Record(me, st.reducing, major, base, st.rules, sealed)

    def r27(self, said, deed, st):
        if isinstance(deed, Move):
            return deed.person
        if isinstance(deed, Join):
            if deed.admission is None:
                return next((f.person for f in self.founding.founders if f.key == said.key and f.actor == said.actor), None)
            return self.who(deed.admission) if deed.admission in self.entries and isinstance(self.change(deed.admission), Admit) else None
        return min((p for p, m in st.members.items() if m["key"] == said.key and m["actor"] == said.actor), default=None)

    def removals(self, me, st):
        return {r for r in st.reducing if isinstance(self.change(r), Remove) and self.who(r) == me}

    def may_join(self, said, deed, me, past, st):
        if me in st.members:
            return False
        if deed.admission is None:
            return not any(isinstance(self.deed(x), Join) and self.person(x) == me for x in past) and not self.removals(me, st)
        a = deed.admission
        if a not in past or a not in st.carried:
            return False
        who = self.change(a).who
        if who.key != said.key or who.actor != said.actor:
            return False
        if any(isinstance(self.deed(x), Join) and self.deed(x).admission == a for x in past):
            return False
        if said.published - self.entries[a].said.published > timedelta(days=30):
            return False
        return self.removals(me, st) <= self.records[a].known

    def taken(self, key, actor, me, st):
        return any(p != me and (m["key"] == key or ("host" not in m and m["actor"] == actor)) for p, m in st.members.items())

    def founders_key(self, key, me, past):
        joined = {self.person(x) for x in past if isinstance(self.deed(x), Join)}
        return any(f.key == key and f.person != me and f.person not in joined for f in self.founding.founders)

    def is_major(self, change, st):
        if isinstance(change, Remove | Revoke):
            return change.who in st.keepers or st.invited.get(change.who) == "keeper"
        if isinstance(change, Admit):
            return change.role == "keeper"
        return isinstance(change, Promote | Demote | Rebind | ChangeRules)

    def may_offer(self, said, change, me, past, st):
        linger, keeper = self.founding.linger is not None, me in st.keepers
        if (linger and isinstance(change, Admit | Promote | Demote | ChangeRules)) or (not linger and isinstance(change, Keep)):
            return False
        if isinstance(change, Remove | Demote | Revoke):
            known = change.who in st.members or change.who in st.keepers
            if isinstance(change, Remove):
                known = known or change.who in st.invited
            if isinstance(change, Demote):
                known = change.who in st.keepers
            return keeper and change.who != me and known
        if isinstance(change, Promote):
            return keeper and change.who in st.members and "host" not in st.members[change.who] and change.who not in st.keepers
        if isinstance(change, Rebind):
            fits = keeper and change.who in st.members and "host" not in st.members[change.who]
            return fits and not self.taken(change.key, change.actor, change.who, st)
        if isinstance(change, ChangeRules | Retract):
            return keeper
        if isinstance(change, Admit):
            return self.may_admit(change, me, past, st)
        return True

    def may_admit(self, change, me, past, st):
        who, rules, keeper = change.who, st.rules, me in st.keepers
        if who.person in st.members or who.person in st.keepers or rules.admit is None:
            return False
        if rules.admit.role != "either" and rules.admit.role != change.role:
            return False
        if change.history == "chosen" or (rules.history != "chosen" and change.history != rules.history):
            return False
        if (change.role == "keeper" or rules.admit.by == "keepers") and not keeper:
            return False
        if who.host is not None and (change.role != "member" or origin(st.members[me]["inbox"]) != who.host):
            return False
        if len(self.founding.founders) == 1 and who.host is None:
            return False
        return not any(
            self.taken(key, who.actor, who.person, st) or self.founders_key(key, who.person, past) for key in (who.key, who.person)
        )

    def may_accept(self, said, deed, me, past, st):
        r = deed.proposal
        if r not in past or not isinstance(self.deed(r), Offer):
            return False
        change, record = self.change(r), self.records[r]
        if (deed.seen is not None) != isinstance(change, Remove | Revoke):
            return False
        if said.published - self.entries[r].said.published > timedelta(days=14):
            return False
        voted = self.person(r) == me or any(
            isinstance(self.deed(x), Accept) and self.deed(x).proposal == r and self.person(x) == me for x in past
        )
        if voted or (isinstance(change, Remove | Demote | Revoke) and change.who == me):
            return False
        if record.major:
            return me in record.base and me in st.keepers
        if isinstance(change, Remove | Revoke | Retract):
            return me in st.keepers
        if isinstance(change, Admit) and (record.rules.admit is None or record.rules.admit.by == "keepers"):
            return me in st.keepers
        return True

    # section 8

    def state(self, S):
        if S not in self.states:
            self.states[S] = Resolver(self, S).outcome()
        return self.states[S]

    def everything(self):
        return self.state(frozenset(self.entries))


class Resolver:
    """state(S)."""

    def __init__(self, o, S):
        self.o, self.S = o, S
        self.offers = [x for x in S if isinstance(o.deed(x), Offer)]
        self.order = sorted(S, key=lambda x: (len(o.pasts[x]), x))  # a causal order
        self.R = set()

    def votes(self, r):
        cast = {self.o.person(r): {r}}
        for x in self.S:
            if isinstance(self.o.deed(x), Accept) and self.o.deed(x).proposal == r:
                cast.setdefault(self.o.person(x), set()).add(x)
        return cast

    def maj(self, r):
        return len(self.o.records[r].base) // 2 + 1

    def V(self, rho):
        first = [min(cast) for who, cast in self.votes(rho).items() if not self.o.records[rho].major or who in self.o.records[rho].base]
        return [v for v in first if not self.o.records[v].sealed]

    def knows(self, x, rho):
        return rho in self.o.records[x].known

    def in_cut(self, x, rho):
        V = self.V(rho)
        return 2 * sum(self.o.before(x, v) for v in V) >= len(V)

    def hit(self, rho, x):
        change = self.o.change(rho)
        return change.who == self.o.person(x) and (not isinstance(change, Revoke) or change.key == self.o.entries[x].said.key)

    def kills(self, rho, x):
        return self.hit(rho, x) and not self.knows(x, rho) and not self.in_cut(x, rho)

    def void(self, x):
        return any(self.kills(rho, x) for rho in self.R)

    def drops(self, p):
        return {r for r in self.R if isinstance(self.o.change(r), Remove | Demote) and self.o.change(r).who == p}

    def outs(self, p):
        return {r for r in self.R if isinstance(self.o.change(r), Remove) and self.o.change(r).who == p}

    def of(self, kind, p):
        return [x for x in self.S if isinstance(self.o.deed(x), kind) and self.o.person(x) == p]

    def authority(self, x, at=None):
        at, p, o = at or x, self.o.person(x), self.o
        if self.void(x):
            return False
        for g in self.grants.get(p, ()):
            if not o.before(g, at):
                continue
            if any(self.knows(x, rho) and not self.knows(g, rho) for rho in self.drops(p)):
                continue
            if any(o.before(leave, x) and not o.before(leave, g) for leave in self.of(Leave, p)):
                continue
            return True
        return False

    def using(self, a):
        return [x for x in self.S if isinstance(self.o.deed(x), Join) and self.o.deed(x).admission == a]

    def ruled(self, i):
        beside = [
            self.o.change(k).rules
            for k in self.carried
            if isinstance(self.o.change(k), ChangeRules) and not self.o.before(k, i) and not self.o.before(i, k)
        ]
        return [self.o.records[i].rules, *beside]

    def greatest(self, xs):
        xs = list(xs)
        return max(x for x in xs if not any(x != y and self.o.before(x, y) for y in xs))

    def s2(self):
        o = self.o
        C = []
        for r in self.offers:
            reducing = o.records[r].major and isinstance(o.change(r), Remove | Demote | Revoke)
            if reducing and len(o.records[r].base & self.votes(r).keys()) >= self.maj(r):
                C.append(r)
        sure, dead = set(), set()

        def count(r, Q):
            cast = self.votes(r)
            return sum(any(not any(rho != r and self.kills(rho, j) for rho in Q) for j in cast[v]) for v in o.records[r].base if v in cast)

        changed = len(C) >= 2
        while changed:
            changed = False
            for r in C:
                if r in sure or r in dead:
                    continue
                if count(r, [q for q in C if q not in dead]) >= self.maj(r):
                    sure.add(r)
                    changed = True
                elif count(r, sure) < self.maj(r):
                    dead.add(r)
                    changed = True
        self.R = {r for r in C if r not in dead}
        self.carried = set(self.R)

    def s3(self):
        o = self.o
        self.grants = {f.person: {o.genesis} for f in o.founding.founders}
        for i in self.order:
            change = o.change(i)
            granting = isinstance(change, Promote | Rebind | ChangeRules) or (isinstance(change, Admit) and o.records[i].major)
            if not granting:
                continue
            cast = self.votes(i)
            if sum(any(self.authority(j, i) for j in cast.get(v, ())) for v in o.records[i].base) < self.maj(i):
                continue
            self.carried.add(i)
            if isinstance(change, Promote):
                self.grants.setdefault(change.who, set()).add(i)
            if isinstance(change, Admit):
                self.grants.setdefault(change.who.person, set()).update(self.using(i))
        self.keepers = frozenset(
            p
            for p, gs in self.grants.items()
            if any(all(self.knows(g, rho) for rho in self.drops(p)) and all(o.before(x, g) for x in self.of(Leave, p)) for g in gs)
        )
        changes = [i for i in self.carried if isinstance(o.change(i), ChangeRules)]
        self.rules = o.change(self.greatest(changes)).rules if changes else o.founding.rules

    def s4(self):
        o = self.o
        expected = {o.who(a) for a in self.carried if isinstance(o.change(a), Admit) and o.records[a].major and not self.using(a)}
        won = set()
        for r in self.offers:
            change = o.change(r)
            if not (isinstance(change, Retract) or (isinstance(change, Remove | Revoke) and not o.records[r].major)):
                continue
            persons = sum(any(self.authority(j) for j in cast) for cast in self.votes(r).values())
            if any(persons < rules.remove for rules in self.ruled(r)):
                continue
            if isinstance(change, Retract):
                won.add(r)
                continue
            upheld = any(
                all(self.knows(g, rho) for rho in self.drops(change.who))
                and all(o.before(x, g) for x in self.of(Leave, change.who) if x in o.pasts[r])
                for g in self.grants.get(change.who, ())
            )
            if not upheld and change.who not in expected:
                won.add(r)
        self.carried |= won
        self.R |= {r for r in won if not isinstance(o.change(r), Retract)}

    def acting(self, x):
        if self.void(x):
            return False
        return self.authority(x) or any(self.o.person(j) == self.o.person(x) and self.o.before(j, x) for j in self.sound)

    def ok(self, a, j=None):
        if self.o.records[a].major:
            return a in self.carried
        for rules in self.ruled(a):
            if rules.admit is None or rules.admit.role == "keeper":
                return False
            test = self.authority if rules.admit.by == "keepers" else self.acting
            persons = sum(any((j is None or self.o.before(x, j)) and test(x) for x in cast) for cast in self.votes(a).values())
            if persons < rules.admit.n:
                return False
        return True

    def s5(self):
        o = self.o
        self.sound = []
        for j in self.order:
            deed = o.deed(j)
            good = isinstance(deed, Join) and (deed.admission is None or self.ok(deed.admission, j))
            if good and all(self.knows(j, rho) or self.in_cut(j, rho) for rho in self.outs(o.person(j))):
                self.sound.append(j)
        self.carried |= {a for a in self.offers if isinstance(o.change(a), Admit) and not o.records[a].major and self.ok(a)}
        self.members = {}
        for p in {o.person(x) for x in self.S if isinstance(o.deed(x), Join)}:
            after = [j for j in self.of(Join, p) if all(o.before(x, j) for x in self.of(Leave, p))]
            good = [j for j in after if j in self.sound and all(self.knows(j, rho) for rho in self.outs(p))]
            if not good and p in self.keepers:
                good = after
            if good:
                self.members[p] = self.member(p, max(good))

    def member(self, p, join):
        o = self.o
        moves = [x for x in self.of(Move, p) if not self.void(x)]
        rebinds = [x for x in self.carried if isinstance(o.change(x), Rebind) and o.who(x) == p]
        voice = self.greatest([join, *moves, *rebinds])
        admission = o.deed(join).admission
        if admission is None:
            identity = next(f for f in o.founding.founders if f.person == p)
            histories = [o.founding.rules.history]
        else:
            identity = o.change(admission).who
            histories = [o.change(admission).history, *(rules.history for rules in self.ruled(admission))]
        source = o.deed(voice) if voice in moves else o.change(voice) if voice in rebinds else None
        key, actor, inbox = (
            (source.key, source.actor, source.inbox) if source else (o.entries[join].said.key, o.entries[join].said.actor, identity.inbox)
        )
        if any(isinstance(o.change(r), Revoke) and o.who(r) == p and o.change(r).key == key and not self.knows(voice, r) for r in self.R):
            key = None
        spans = [0 if h == "join" else h.days if isinstance(h, Days) else 10**9 for h in histories]
        history = "join" if min(spans) == 0 else "all" if min(spans) == 10**9 else Days(min(spans))
        member = {"join": join, "actor": actor, "key": key, "inbox": inbox, "history": history}
        return member | ({"host": identity.host} if identity.host else {})

    def outcome(self):
        o = self.o
        self.s2()
        self.s3()
        self.s4()
        self.s5()
        kept = bool(self.members) and any(
            all(any(self.acting(x) for x in self.votes(i).get(p, ())) for p in self.members)
            for i in self.offers
            if isinstance(o.change(i), Keep)
        )
        invited = {}
        for a in self.carried:
            change = o.change(a)
            if not isinstance(change, Admit) or self.using(a) or change.who.person in self.members:
                continue
            if all(self.knows(a, rho) for rho in self.outs(change.who.person)):
                former = invited.get(change.who.person)
                invited[change.who.person] = "keeper" if o.records[a].major else former or "member"
        return Outcome(
            members=self.members,
            keepers=self.keepers,
            rules=self.rules,
            carried=frozenset(self.carried),
            reducing=frozenset(self.R),
            retracted=frozenset(o.change(r).entry for r in self.carried if isinstance(o.change(r), Retract)),
            kept=kept,
            invited=invited,
        )
