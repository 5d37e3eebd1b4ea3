"""Make conversations, their messages and attachments, and the places of users; guard their rows on PostgreSQL.

Revision: 0011; follows 0010.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import JsonColumn, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIGSERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
POLICY = "folkmoot_rows"
WHO = "(SELECT NULLIF(current_setting('folkmoot.user_id', true), ''))"
RULES = dict.fromkeys(("rooms", "conversations", "messages", "attachments"), f"user_id = {WHO}")


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_rooms"),
    )
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=True),
        sa.Column("last_agent", sa.String(200), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("summarized", sa.BigInteger(), nullable=False),
        sa.Column("details", JsonColumn, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_user_id_updated_at", "conversations", ["user_id", "updated_at"])
    op.create_index("ix_conversations_deleted_at", "conversations", ["deleted_at"])
    op.create_table(
        "messages",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("conversation_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.String(100), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.String(200), nullable=True),
        sa.Column("agent_name", sa.String(200), nullable=True),
        sa.Column("client_key", sa.String(200), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(100), nullable=True),
        sa.Column("lease", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("details", JsonColumn, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.conversation_id"],
            name="fk_messages_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.UniqueConstraint("message_id", name="uq_messages_message_id"),
        sa.UniqueConstraint("user_id", "seq", name="uq_messages_user_id_seq"),
        sa.UniqueConstraint("conversation_id", "client_key", name="uq_messages_conversation_id_client_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_conversation_id_number", "messages", ["conversation_id", "number"])
    op.create_index("ix_messages_status_lease", "messages", ["status", "lease"])
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.String(100), nullable=False),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.message_id"], name="fk_attachments_message_id_messages", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attachment_id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_message_id", "attachments", ["message_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table, rule in RULES.items():
            allowed = f"({WHO} = '*') OR ({rule})"
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({allowed}) WITH CHECK ({allowed})")


def downgrade() -> None:
    for table in reversed(RULES):
        op.drop_table(table)
