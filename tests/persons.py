"""People who use a server as people do: a browser for signing in, an unmodified Mastodon client for the rest."""

import html.parser
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import requests
from mastodon import Mastodon

from tests.laboratory import Instance

SCOPES = ["read", "write", "follow", "push"]
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
PASSWORD = "a table for five"


@dataclass
class Form:
    """A form of a page, as a browser sees it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Forms(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text = ""
        self.marked: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self._inside = known.get("id", "")
        if tag == "form":
            self.forms.append(Form(known.get("action", ""), known.get("method", "get").lower()))
        elif tag == "input" and self.forms and "name" in known:
            if known.get("type") == "radio":
                self.forms[-1].choices.setdefault(known["name"], []).append(known["value"])
            if known.get("type") in ("checkbox", "radio") and "checked" not in known:
                return
            self.forms[-1].fields[known["name"]] = known.get("value", "on" if known.get("type") == "checkbox" else "")
        elif tag == "button" and self.forms and "name" in known:
            self.forms[-1].buttons.append((known["name"], known.get("value", "")))

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked.setdefault(self._inside, data)


class Browser:
    """Follows links, fills in forms, keeps cookies."""

    def __init__(self, authority: Path) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # what the machine trusts is not asked
        self.session.verify = str(authority)
        self.page: requests.Response | None = None

    def open(self, url: str) -> requests.Response:
        self.page = self.session.get(url, timeout=30)
        return self.page

    def forms(self) -> list[Form]:
        assert self.page is not None
        found = _Forms()
        found.feed(self.page.text)
        return found.forms

    def text(self) -> str:
        assert self.page is not None
        found = _Forms()
        found.feed(self.page.text)
        return " ".join(found.text.split())

    def element(self, name: str) -> str:
        """The text of the element with this id."""
        assert self.page is not None
        found = _Forms()
        found.feed(self.page.text)
        assert name in found.marked, self.text()
        return found.marked[name]

    def submit(self, form: Form, /, **typed: str) -> requests.Response:
        """Send a form with what was typed into it, as pressing its button does."""
        assert self.page is not None
        url = urljoin(self.page.url, form.action) if form.action else self.page.url
        self.page = self.session.post(
            url, data={**form.fields, **typed}, timeout=30, headers={"Origin": origin_of(url), "Referer": self.page.url}
        )
        return self.page

    def submit_form_with(self, name: str, /, **typed: str) -> requests.Response:
        """Send the form that has a field or a button of this name."""
        forms = [form for form in self.forms() if name in {*form.fields, *form.choices, *(button for button, _ in form.buttons)}]
        assert len(forms) == 1, f"{len(forms)} forms with {name} on: {self.text()}"
        return self.submit(forms[0], **typed)


def origin_of(url: str) -> str:
    return "/".join(url.split("/")[:3])


def came_to_live(instance: Instance, link: str, username: str, authority: Path) -> Browser:
    """Open a one-time link in a browser and make an account."""
    browser = Browser(authority)
    browser.open(link)
    browser.submit_form_with(
        "username", username=username, name=username.title(), email=f"{username}@mail.example", password=PASSWORD, password_again=PASSWORD
    )
    assert instance.host in browser.text(), browser.text()
    return browser


def signed_in_client(instance: Instance, username: str, authority: Path, *, persona: int = 0) -> Mastodon:
    """An unmodified Mastodon client, let in by a person in a browser: app, sign-in, consent (as which persona, in order), code, token."""
    session = requests.Session()
    session.trust_env = False  # what the machine trusts is not asked
    session.verify = str(authority)
    client_id, client_secret = Mastodon.create_app(
        "Dinner", scopes=SCOPES, redirect_uris=OUT_OF_BAND, api_base_url=instance.origin, session=session
    )
    client = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=instance.origin, session=session)
    browser = Browser(authority)
    browser.open(client.auth_request_url(redirect_uris=OUT_OF_BAND, scopes=SCOPES))
    browser.submit_form_with("password", email=f"{username}@mail.example", password=PASSWORD)
    offered = [form.choices["persona"] for form in browser.forms() if "persona" in form.choices]
    browser.submit_form_with("persona", answer="yes", **({"persona": offered[0][persona]} if offered else {}))
    client.log_in(code=browser.element("code"), redirect_uri=OUT_OF_BAND, scopes=SCOPES)
    return client
