"""What must not be taken as it is: every case is decided by the rule it names."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fediverse_circle.domain.circle.entry import received
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.verdict import Falls, Forks, Stands, Waits
from fediverse_circle.vocab.circle.forms import Refused, strict_json
from fediverse_circle.vocab.circle.words import read_push
from tests.unit.circle.vectors import Replica, load, replica_of

CASES = load("negative.json")["cases"]


def outcome(replica: Replica | None, raw: bytes, now: datetime) -> tuple[str, str | None]:
    """Verdict and rule, in the words of the vectors."""
    try:
        arrival = received(read_push(strict_json(raw)))
        verdict = replica.take(arrival.entry, now) if replica else Log(arrival.entry).add(arrival.entry)
    except Refused as refusal:
        return "refuse", refusal.rule
    match verdict:
        case Falls(rule):
            return "refuse", rule
        case Waits(rule):
            return "wait", rule
        case Forks():
            return "fork", "R14"
        case Stands():
            return ("drop-words", arrival.dropped) if arrival.dropped else ("take", None)


def raw_of(case: dict[str, Any]) -> bytes:
    return (case["raw"] if "raw" in case else json.dumps(case["activity"])).encode()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_it_is_decided_by_the_rule_it_names(case: dict[str, Any]) -> None:
    now = datetime.fromisoformat(case["now"])
    given = replica_of("linger.json" if case.get("circle") == "linger" else "entries.json", case["given"], now)
    assert outcome(given, raw_of(case), now) == (case["verdict"], case["rule"])


def test_the_same_entry_unaltered_is_taken() -> None:
    """The gate lets through what the cases were made from: nothing here refuses everything."""
    now = datetime(2026, 7, 1, tzinfo=UTC)
    for file in ("entries.json", "linger.json"):
        replica = None
        for item in load(file)["entries"]:
            raw = json.dumps({"type": item["entry"]["type"], **{name: item[name] for name in ("entry", "object", "salt") if name in item}})
            if replica is None:
                replica = Replica.founded(received(read_push(strict_json(raw.encode()))).entry)
            else:
                assert outcome(replica, raw.encode(), now) == ("take", None), item["name"]
