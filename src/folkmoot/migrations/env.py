"""Alembic's entry: runs on the connection that `apply.py` hands over."""

from typing import Any

from alembic import context

from folkmoot.storage import Base


def _ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _compared_to: Any) -> bool:  # noqa: FBT001  # Alembic's signature
    # Full-text tables are made by SQL of their own and are no models; DBOS keeps its tables in a schema of its own.
    return not (kind == "table" and name is not None and "_fts" in name)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=_ours,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
