"""Keep who may see and address an agent, and how far the events of other machines were read.

Revision: 0010; follows 0009.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import JsonColumn, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EVERYBODY = sa.text("'[\"everybody\"]'")


def upgrade() -> None:
    op.add_column("agents", sa.Column("visible_to", JsonColumn, nullable=False, server_default=EVERYBODY))
    op.add_column("agents", sa.Column("reachable_by", JsonColumn, nullable=False, server_default=EVERYBODY))
    op.add_column("agents", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_agents_restricted"), "agents", ["restricted"])
    op.create_table(
        "event_relays",
        sa.Column("stream", sa.String(length=200), nullable=False),
        sa.Column("position", sa.String(length=50), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_event_relays")),
    )


def downgrade() -> None:
    op.drop_table("event_relays")
    op.drop_index(op.f("ix_agents_restricted"), table_name="agents")
    for column in ("visible_to", "reachable_by", "restricted"):
        op.drop_column("agents", column)
