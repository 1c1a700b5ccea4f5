"""PostgreSQL where nobody runs one for us: found, started, kept alive and stopped with the program.

`running` gives the addresses of the database that the settings name: somebody else's (`database_url`), or our own server on the data
directory (`binaries` finds the programs, `home` the place and the user, `descend` starts them as that user and ends them with us,
`server` watches).  Nothing here knows the tables: `store.schema` does.
"""

from fediverse_circle.postgres.access import Access, external
from fediverse_circle.postgres.binaries import CannotStart
from fediverse_circle.postgres.server import Server, running, serving

__all__ = ["Access", "CannotStart", "Server", "external", "running", "serving"]
