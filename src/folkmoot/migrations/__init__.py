"""The schema of the database, revision by revision, for SQLite and PostgreSQL.

An Alembic environment: `env.py` is its entry and sees every table, `versions/` holds the revisions. They are run by
`folkmoot.assembly.schema`; a test holds that the models in the rooms' `tables.py` equal what the revisions make.
"""
