"""The list of attacks, by number: which have their tests, and which have nothing yet that they could attack."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROWS = range(1, 93)
NOT_YET = {
    "circles: there are none to be in, to be removed from or to be told of": {29, 49, 55, 57, 88, 91},
    "media: none are taken or served": {53, 74},
    "streams": {80, 81},
    "feeds, embeds and pages of what is private": {48},
    "search of texts": {50},
    "reports": {51},
    "mail and push": {52},
    "previews of links are never fetched": {54},
    "followers synchronisation": {65},
    "collections of strangers are not read": {72},
    "one deadline for a slow stranger: tests/net": {73},
    "expiry": {85},
    "export, deletion of an account": {86, 87},
    "the life after a retraction, beyond tests/stories and tests/conformance": {83, 84},
    "the canary sweep": {92},
}


def test_every_row_has_a_test_or_a_reason_why_not_yet() -> None:
    tested = {
        int(number) for path in HERE.glob("test_*.py") for number in re.findall(r"^async def test_(\d{3})_", path.read_text(), re.MULTILINE)
    }
    waiting = set().union(*NOT_YET.values())
    assert tested & waiting == set(), "these have tests by now"
    assert sorted(set(ROWS) - tested - waiting) == [], "these have neither"
