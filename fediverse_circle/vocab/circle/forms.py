"""The forms that entries are written in: strict JSON, times, URLs, hashes, keys.  Rules as in CIRCLES.md, section 3.

Every reader gives a value or raises `Refused` with the number of the rule that is broken, and nothing else.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NewType, TypeVar

from fediverse_circle.core.errors import Trouble
from fediverse_circle.core.urls import BadUrl, Url, parse_id, parse_origin

Rule = NewType("Rule", str)  # "R1" … "R97": the number of a rule in CIRCLES.md
Hash = NewType("Hash", str)  # `zQm…`: the name of an entry, or a digest
Key = NewType("Key", str)  # `did:key:…`: the key that signs a feed
Person = NewType("Person", Key)  # `did:key:…`: the key that a person keeps through all moves

CONTEXT: Final = "https://w3id.org/fediverse-circle/v1"
DEPTH: Final = 32  # R1: of a pushed activity
ITEM_DEPTH: Final = DEPTH + 3  # of an answer to a sync, whose items hold what an activity could hold
_LONGEST_URL, _LARGEST = 512, (1 << 53) - 1
_HASH = re.compile(r"zQm[1-9A-HJ-NP-Za-km-z]{44}")
_DID = re.compile(r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}")
_SIGNATURE = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{64,88}")
_SALT = re.compile(r"u[A-Za-z0-9_-]{22,86}")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")

T = TypeVar("T")
W = TypeVar("W", bound=str)


class Refused(Trouble):
    """A rule of CIRCLES.md is broken.  `rule` is its number; that number, and no word of what was refused, may be logged."""

    def __init__(self, rule: str) -> None:
        self.rule = Rule(rule)
        super().__init__(f"This breaks rule {rule} of the protocol of circles.")


def strict_json(data: bytes, depth: int = DEPTH) -> object:
    """The JSON value that the bytes are.  R1: one reading for everybody, or none."""
    try:
        text = data.decode("utf-8")
        value: object = json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_no_number, parse_int=_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refused("R1") from None
    _refuse_strange(value, depth)
    return value


def moment(text: str) -> datetime:
    """R4: `YYYY-MM-DDThh:mm:ssZ`."""
    parts = _TIME.fullmatch(text)
    if parts is None:
        raise Refused("R4")
    year, month, day, hour, minute, second = map(int, parts.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Refused("R4") from None


def written(time: datetime) -> str:
    """A time as R4 has it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def https(text: str) -> str:
    """R4: an https URL in its one spelling, without fragment."""
    _read_url(text)
    return text


def origin_of(url: str) -> str:
    """The origin of a URL that R4 lets through: scheme, host and port."""
    return str(_read_url(url).origin)


def https_origin(text: str) -> str:
    """R4: an https origin in its one spelling."""
    try:
        origin = parse_origin(text)
    except BadUrl:
        raise Refused("R4") from None
    if origin.scheme != "https" or str(origin) != text:
        raise Refused("R4")
    return text


def _read_url(text: str) -> Url:
    try:
        url = parse_id(text)
    except BadUrl:
        raise Refused("R4") from None
    if url.origin.scheme != "https" or url.fragment is not None or len(text) > _LONGEST_URL or not text.isascii():
        raise Refused("R4")
    return url


def hashed(text: str) -> Hash:
    """R2: the hash of an entry, or a digest."""
    if not _HASH.fullmatch(text):
        raise Refused("R2")
    return Hash(text)


def linked(text: str) -> Hash:
    """`hl:` and a hash: how a circle or a proposal is named as an object."""
    if not text.startswith("hl:"):
        raise Refused("R8")
    return hashed(text[3:])


def link(name: Hash) -> str:
    """The name of a circle or a proposal as an object."""
    return f"hl:{name}"


def key(text: str) -> Key:
    """A key; always written `did:key:…` (section 4)."""
    if not _DID.fullmatch(text):
        raise Refused("R8")
    return Key(text)


def person(text: str) -> Person:
    """A person key; always written `did:key:…` (section 4)."""
    return Person(key(text))


def is_salt(value: object) -> bool:
    """R16: `u` and the base64url of 16 bytes or more."""
    return isinstance(value, str) and _SALT.fullmatch(value) is not None


def is_signature(value: object) -> bool:
    """Whether it has the form of a bare signature."""
    return isinstance(value, str) and _SIGNATURE.fullmatch(value) is not None


class Fields:
    """The fields of a JSON object, taken out one by one.  What is missing, of another type, or left over breaks `rule`."""

    def __init__(self, value: object, rule: str) -> None:
        if not isinstance(value, dict):
            raise Refused(rule)
        self._left, self._rule = dict(value), rule

    def take(self, name: str) -> object:
        """The value of a field that must be there."""
        if name not in self._left:
            raise Refused(self._rule)
        return self._left.pop(name)

    def text(self, name: str) -> str:
        """The string of a field that must be there."""
        value = self.take(name)
        if not isinstance(value, str):
            raise Refused(self._rule)
        return value

    def whole(self, name: str, least: int, most: int = _LARGEST) -> int:
        """The integer of a field that must be there."""
        return self.within(self.take(name), least, most)

    def within(self, value: object, least: int, most: int = _LARGEST) -> int:
        """The value, which must be an integer of this range."""
        if isinstance(value, float):
            raise Refused("R1")
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Refused(self._rule)
        return value

    def word(self, name: str, *allowed: W) -> W:
        """The string of a field that must be there and one of a few."""
        value = self.take(name)
        for one in allowed:
            if value == one:
                return one
        raise Refused(self._rule)

    def items(self, name: str, least: int, most: int) -> list[object]:
        """The list of a field that must be there, with this many items."""
        value = self.take(name)
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Refused(self._rule)
        return value

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """What `read` makes of the string of a field, if the field is there."""
        return read(self.text(name)) if name in self._left else None

    def has(self, name: str) -> bool:
        """Whether the field is there and not taken yet."""
        return name in self._left

    def end(self) -> None:
        """R8: nothing is left over."""
        if self._left:
            raise Refused(self._rule)


def as_object(value: object, rule: Literal["R1", "R8"]) -> Mapping[str, object]:
    """The JSON object that the value must be."""
    if not isinstance(value, dict):
        raise Refused(rule)
    return value


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields


def _no_number(_: str) -> object:
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _number(text: str) -> int | float:
    """An integer that has a double of its own; beyond those the double, as everybody else's parser reads it."""
    if len(text) < 17 and abs(whole := int(text)) <= _LARGEST:
        return whole
    return _finite(text)


def _refuse_strange(value: object, depth: int) -> None:
    """R1: no lone surrogate, no U+0000, not too deep."""
    level = [value]
    while level:
        deeper: list[object] = []
        for one in level:
            if isinstance(one, str):
                if _FORBIDDEN.search(one):
                    raise Refused("R1")
            elif isinstance(one, dict):
                deeper += one.keys()
                deeper += one.values()
            elif isinstance(one, list):
                deeper += one
        if depth == 0 and any(isinstance(one, dict | list) for one in level):
            raise Refused("R1")
        depth -= 1
        level = deeper
