"""fediverse_circle: a federated server for small, semi-private communities.

The rooms, from the ground up; an import only ever points down (pyproject.toml holds the contract, tests/house checks it):

    core                      ids, errors, paging, clock: the words everyone uses
    vocab signing text config wire <-> types, who vouches for bytes, HTML, settings: pure
    domain                    what things are, and the rules: audience, roles
    store | net               SQL | asking strangers; the two never meet
    actions                   deeds: publish, receive, edit, retract, follow; each a function on a transaction
    site                      what a handler may reach
    oauth | jobs              who is asking | work that waits
    federation                the surface for servers
    mastodon | web            the surfaces for apps and for people
    app, cli                  assembly: the only place that knows everything
"""

__version__ = "0.1.0"
