"""What every test can ask for: see `tests/database.py`."""

from tests.database import access, db, server, shared_db, template, tx

__all__ = ["access", "db", "server", "shared_db", "template", "tx"]
