"""What an entry of a circle says, as frozen types (CIRCLES.md, sections 4 to 6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, final

from fediverse_circle.vocab.circle.forms import Hash, Key, Person


@final
@dataclass(frozen=True, slots=True)
class Identity:
    """R5: a person object.  `binding`: the person key vouches for the circle key; `host`: where a guest is hosted."""

    actor: str
    person: Person
    key: Key
    inbox: str
    binding: str | None
    host: str | None


@final
@dataclass(frozen=True, slots=True)
class Days:
    """History: what was begun at most so many days before one joined."""

    days: int


History = Literal["join", "all", "chosen"] | Days
Door = Literal["secret", "closed", "ask"]


@final
@dataclass(frozen=True, slots=True)
class Admitting:
    """Who lets people in: `n` persons, keepers alone or any members; and as what."""

    by: Literal["members", "keepers"]
    n: int
    role: Literal["member", "keeper", "either"]


@final
@dataclass(frozen=True, slots=True)
class Rules:
    """R25: the rules of a circle.  `admit` None: nobody comes in.  `expire`: the longest life of words, in seconds."""

    admit: Admitting | None
    remove: int
    history: History
    expire: int | None
    door: Door | None


@final
@dataclass(frozen=True, slots=True)
class Ancestor:
    """Another circle at a point of its log."""

    circle: Hash
    heads: tuple[Hash, ...]


@final
@dataclass(frozen=True, slots=True)
class Lingering:
    """R67: what makes a circle a linger.  `root`: the Create, in the parent, of the thread it grew from."""

    parent: Ancestor
    root: Hash | None
    quiet_days: int


@final
@dataclass(frozen=True, slots=True)
class Seen:
    """The highest seq known of each feed; what is not named is 0."""

    tops: tuple[tuple[Key, int], ...]

    def top(self, key: Key) -> int:
        """The highest seq known of this feed."""
        return dict(self.tops).get(key, 0)


# What a proposal would change (6.3)


@final
@dataclass(frozen=True, slots=True)
class Admit:
    """Somebody comes in."""

    who: Identity
    role: Literal["member", "keeper"]
    history: History


@final
@dataclass(frozen=True, slots=True)
class Promote:
    """A member becomes keeper."""

    who: Person


@final
@dataclass(frozen=True, slots=True)
class Demote:
    """A keeper is keeper no more."""

    who: Person


@final
@dataclass(frozen=True, slots=True)
class Remove:
    """Somebody is out, or an open invitation withdrawn."""

    who: Person


@final
@dataclass(frozen=True, slots=True)
class Revoke:
    """A key of somebody speaks no more."""

    who: Person
    key: Key


@final
@dataclass(frozen=True, slots=True)
class Rebind:
    """Somebody who lost key and phrase gets a new key."""

    who: Person
    actor: str
    key: Key
    inbox: str


@final
@dataclass(frozen=True, slots=True)
class ChangeRules:
    """Other rules."""

    rules: Rules


@final
@dataclass(frozen=True, slots=True)
class Retract:
    """Something said is taken off for everybody."""

    entry: Hash


@final
@dataclass(frozen=True, slots=True)
class Keep:
    """A linger does not end."""


Change = Admit | Promote | Demote | Remove | Revoke | Rebind | ChangeRules | Retract | Keep
Reducing = Remove | Demote | Revoke

# What an entry does (section 4).  Operations first, then content.


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The genesis of a circle."""

    nonce: str
    founders: tuple[Identity, ...]
    rules: Rules
    predecessor: Ancestor | None
    linger: Lingering | None


@final
@dataclass(frozen=True, slots=True)
class Join:
    """The newcomer's consent.  `admission`: the proposal used; None for founders."""

    admission: Hash | None


@final
@dataclass(frozen=True, slots=True)
class Leave:
    """Membership ends for all that follows.  `seen`: the person's other keys."""

    seen: Seen


@final
@dataclass(frozen=True, slots=True)
class Move:
    """A person speaks from another server, with another key.  `possession`: the new key shows that it is held."""

    person: Person
    actor: str
    key: Key
    inbox: str
    possession: str


@final
@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal, and its author's vote.  `seen` exactly for `Remove` and `Revoke`."""

    change: Change
    seen: Seen | None


@final
@dataclass(frozen=True, slots=True)
class Accept:
    """A vote.  `seen` exactly for a proposal to remove or revoke."""

    proposal: Hash
    seen: Seen | None


@final
@dataclass(frozen=True, slots=True)
class Create:
    """Something is said."""

    object: str
    commitment: Hash


@final
@dataclass(frozen=True, slots=True)
class Update:
    """It is said again in other words."""

    object: str
    commitment: Hash


@final
@dataclass(frozen=True, slots=True)
class Describe:
    """Name, summary and icon of the circle: its profile, said again."""

    commitment: Hash


@final
@dataclass(frozen=True, slots=True)
class Delete:
    """It is taken back."""

    object: str


@final
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Everything that a person said is taken back, as far as `seen`."""

    person: Person
    seen: Seen


Operation = Found | Join | Leave | Move | Offer | Accept
Content = Create | Update | Describe | Delete | Withdraw
Deed = Operation | Content


@final
@dataclass(frozen=True, slots=True)
class Envelope:
    """An entry as read: who, where, in which order, in knowledge of what.  Nobody has checked its proof yet.

    `circle` is None, and `heads` empty, in a genesis; `prev` is None at seq 1.
    """

    actor: str
    key: Key
    published: datetime
    circle: Hash | None
    seq: int
    prev: Hash | None
    heads: tuple[Hash, ...]
    deed: Deed
