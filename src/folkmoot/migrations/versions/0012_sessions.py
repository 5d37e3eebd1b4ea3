"""Make sessions and the gallery, the full-text index of what was said, and how far users' files of it reach.

Everybody who is signed in reads the gallery; its items are changed by whoever published them.

Revision: 0012; follows 0011.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.conversations.full_text import SEARCH_DDL, SEARCH_DROP, SEARCH_FILL
from folkmoot.storage import JsonColumn, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

POLICY = "folkmoot_rows"
WHO = "(SELECT NULLIF(current_setting('folkmoot.user_id', true), ''))"
ALLOWED = f"({WHO} = '*') OR (user_id = {WHO})"


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("flow_config", JsonColumn, nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversations.conversation_id"],
            name="fk_sessions_session_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id_timestamp", "sessions", ["user_id", "timestamp"])
    op.create_table(
        "gallery",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("session", JsonColumn, nullable=False),
        sa.Column("messages", JsonColumn, nullable=False),
        sa.Column("tags", JsonColumn, nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gallery"),
    )
    op.create_index("ix_gallery_user_id", "gallery", ["user_id"])
    op.create_index("ix_gallery_timestamp", "gallery", ["timestamp"])
    op.add_column("rooms", sa.Column("file_seq", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("rooms", sa.Column("file_length", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    dialect = op.get_bind().dialect.name
    for statement in (*SEARCH_DDL[dialect], SEARCH_FILL[dialect]):
        op.execute(statement)
    if dialect == "postgresql":
        for table in ("sessions", "gallery"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({ALLOWED}) WITH CHECK ({ALLOWED})")
        op.execute(f"CREATE POLICY {POLICY}_read ON gallery FOR SELECT USING ({WHO} IS NOT NULL)")


def downgrade() -> None:
    for statement in SEARCH_DROP[op.get_bind().dialect.name]:
        op.execute(statement)
    with op.batch_alter_table("rooms") as rooms:
        rooms.drop_column("file_length")
        rooms.drop_column("file_seq")
    op.drop_table("gallery")
    op.drop_table("sessions")
