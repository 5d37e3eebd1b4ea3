"""The schema of the database, revision by revision, for SQLite and PostgreSQL (Alembic).

`versions/` holds the revisions; `apply.py` runs them on an open database. A test holds that the models in the rooms'
`tables.py` equal what the revisions make.
"""

from folkmoot.migrations.apply import current_revision, downgrade, metadata, upgrade

__all__ = ["current_revision", "downgrade", "metadata", "upgrade"]
