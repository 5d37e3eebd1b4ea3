"""Make the outbox of bridges, and who holds which; guard the outbox's rows on PostgreSQL.

Revision: 0012; follows 0011.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import JsonColumn, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIGSERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
POLICY = "folkmoot_rows"
WHO = "(SELECT NULLIF(current_setting('folkmoot.user_id', true), ''))"
ALLOWED = f"({WHO} = '*') OR (user_id = {WHO})"


def upgrade() -> None:
    op.create_table(
        "bridge_outbox",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("frame_id", sa.String(100), nullable=False),
        sa.Column("bridge", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("dedupe", sa.String(64), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("agent", sa.String(200), nullable=True),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("answer_id", sa.String(100), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("frame", JsonColumn, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_bridge_outbox"),
        sa.UniqueConstraint("frame_id", name="uq_bridge_outbox_frame_id"),
        sa.UniqueConstraint("bridge", "dedupe", name="uq_bridge_outbox_bridge_dedupe"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bridge_outbox_bridge_state_number", "bridge_outbox", ["bridge", "state", "number"])
    op.create_table(
        "bridge_lines",
        sa.Column("bridge", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("redials", sa.BigInteger(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("bridge", name="pk_bridge_lines"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE bridge_outbox ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE bridge_outbox FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {POLICY} ON bridge_outbox USING ({ALLOWED}) WITH CHECK ({ALLOWED})")


def downgrade() -> None:
    op.drop_table("bridge_lines")
    op.drop_table("bridge_outbox")
