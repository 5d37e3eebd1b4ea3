"""Keep what users teach the router by picking another agent.

Revision: 0012; follows 0011.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

POLICY = "folkmoot_rows"
WHO = "(SELECT NULLIF(current_setting('folkmoot.user_id', true), ''))"
RULES = {"routing_overrides": f"user_id = {WHO}"}


def upgrade() -> None:
    op.create_table(
        "routing_overrides",
        sa.Column("override_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(200), nullable=True),
        sa.Column("user_id", sa.String(200), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("chosen", sa.String(200), nullable=False),
        sa.Column("instead_of", sa.String(200), nullable=True),
        sa.Column("learned", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("override_id", name="pk_routing_overrides"),
    )
    op.create_index("ix_routing_overrides_conversation_id", "routing_overrides", ["conversation_id"])
    op.create_index("ix_routing_overrides_user_id_created_at", "routing_overrides", ["user_id", "created_at"])
    if op.get_bind().dialect.name == "postgresql":
        for table, rule in RULES.items():
            allowed = f"({WHO} = '*') OR ({rule})"
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({allowed}) WITH CHECK ({allowed})")


def downgrade() -> None:
    op.drop_table("routing_overrides")
