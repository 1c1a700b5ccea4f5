"""Whose handle is this: WebFinger of other servers.

A handle belongs to an actor if the host in the handle says so, in its normal form: `verified` follows a domain that points to another one once,
and believes that other one only if it says the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import final
from urllib.parse import quote

from fediverse_circle.core.errors import Invalid, TooLarge, Trouble, Unreachable
from fediverse_circle.core.urls import BadUrl, Url, normal_host, parse_id, parse_url
from fediverse_circle.federation.asking import Ask
from fediverse_circle.net.media_types import ACCEPT_JRD, is_jrd
from fediverse_circle.vocab import read_jrd

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?")
_LRDD = re.compile(r"<Link\b[^<>]*>")
_ATTRIBUTE = re.compile(r"""\b(rel|template)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_LONGEST_META = 1 << 16


@final
@dataclass(frozen=True, slots=True)
class Handle:
    """@username@host, the host as `normal_host` has it, with its port if that is unusual."""

    username: str
    host: str

    @property
    def resource(self) -> str:
        """How WebFinger spells it."""
        return f"acct:{self.username}@{self.host}"

    def is_same(self, other: "Handle") -> bool:
        """Whether both name the same person: names are compared without regard to case."""
        return self.username.lower() == other.username.lower() and self.host == other.host


def handle(username: str, host: str) -> Handle | None:
    """The handle of these two parts, if they can be one."""
    name, colon, port = host.rpartition(":") if re.search(r":[0-9]+\Z", host) else (host, "", "")
    try:
        url = parse_url(f"https://{normal_host(name)}{colon}{port}/")
    except BadUrl:
        return None
    return Handle(username, url.origin.authority) if _NAME.fullmatch(username) else None


@final
@dataclass(frozen=True, slots=True)
class Fingered:
    """What a host says of a handle: its normal form, and the id of the actor."""

    handle: Handle
    actor: str


async def verified(ask: Ask, asked: Handle) -> Fingered | None:
    """The actor behind a handle and the normal form of the handle; None if there is none, or two hosts contradict each other."""
    first = await _described(ask, asked)
    if first is None or first.handle.is_same(asked):
        return first
    second = await _described(ask, first.handle)
    return second if second is not None and second.handle.is_same(first.handle) and second.actor == first.actor else None


async def _described(ask: Ask, asked: Handle) -> Fingered | None:
    """What the host of the handle says of it."""
    template = f"https://{asked.host}/.well-known/webfinger?resource={{uri}}"
    answer = await ask.answer(_filled(template, asked), by=None, accept=ACCEPT_JRD)
    if answer.status == 404 and (other := await _elsewhere(ask, asked.host)) not in (None, template):
        answer = await ask.answer(_filled(other, asked), by=None, accept=ACCEPT_JRD)
    if answer.status in (404, 410):
        return None
    if answer.status >= 500 or answer.status == 429:
        raise Unreachable
    return _read(answer.body, asked) if answer.status == 200 and is_jrd(answer.content_type) else None


async def _elsewhere(ask: Ask, host: str) -> str | None:
    """The template that the host's metadata names for WebFinger."""
    try:
        answer = await ask.answer(parse_url(f"https://{host}/.well-known/host-meta"), by=None, accept="application/xrd+xml")
    except Trouble:
        return None
    if answer.status != 200 or len(answer.body) > _LONGEST_META:
        return None
    for link in _LRDD.findall(answer.body.decode("utf-8", "replace")):
        said: Mapping[str, str] = {name: unescape(one or other) for name, one, other in _ATTRIBUTE.findall(link)}
        if said.get("rel") == "lrdd" and "{uri}" in said.get("template", ""):
            return said["template"]
    return None


def _filled(template: str, asked: Handle) -> Url:
    return parse_url(template.replace("{uri}", quote(asked.resource, safe=":@")))


def _read(body: bytes, asked: Handle) -> Fingered | None:
    """What a descriptor says; a subject that is no handle says that the one asked for is right."""
    try:
        said = read_jrd(body)
        subject = said.subject or ""
        username, _, host = subject.removeprefix("acct:").rpartition("@")
        named = handle(username, host) if subject.startswith("acct:") else asked
        return Fingered(named, str(parse_id(said.actor))) if named is not None and said.actor is not None else None
    except (Invalid, TooLarge):
        return None
