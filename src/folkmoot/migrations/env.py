"""Alembic's entry: runs on the connection that `folkmoot.assembly.schema` hands over."""

from typing import Any

from alembic import context

import folkmoot.consent.tables
import folkmoot.conversations.studio.tables
import folkmoot.conversations.tables
import folkmoot.events.tables
import folkmoot.leads.tables
import folkmoot.memory.documents.tables
import folkmoot.memory.shared.tables
import folkmoot.memory.tables
import folkmoot.messaging.tables
import folkmoot.models.spending.tables
import folkmoot.registry.tables
import folkmoot.runs.tables
import folkmoot.security.oidc.tables
import folkmoot.security.tables
import folkmoot.tasks.tables
import folkmoot.tools.tables
import folkmoot.twins.tables
import folkmoot.web.tables  # noqa: F401  # each import makes its tables known
from folkmoot.storage import Base


def _ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _compared_to: Any) -> bool:  # Alembic's signature
    # Full-text tables are made by SQL of their own and are no models; DBOS keeps its tables in a schema of its own.
    return not (kind == "table" and name is not None and "_fts" in name)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=_ours,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
