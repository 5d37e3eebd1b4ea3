"""Make documents, and the folders that are followed.

Revision: 0005; follows 0004.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from folkmoot.storage import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "knowledge_documents",
        sa.Column("document_id", sa.String(100), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(100), nullable=False, server_default=""),
        sa.Column("identity", sa.String(300), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("title", sa.String(300), nullable=False, server_default=""),
        sa.Column("media_type", sa.String(100), nullable=False, server_default=""),
        sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("revision", sa.String(300), nullable=False, server_default=""),
        sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("chunks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("pending", JSON, nullable=True),
        sa.Column("user_id", sa.String(100), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('reading', 'ready', 'failed')", name="ck_knowledge_documents_status"),
        sa.PrimaryKeyConstraint("document_id", name="pk_knowledge_documents"),
    )
    op.create_index(
        "ix_knowledge_documents_scope_source_id_identity",
        "knowledge_documents",
        ["scope", "source_id", "identity"],
        unique=True,
    )
    op.create_index("ix_knowledge_documents_source_id", "knowledge_documents", ["source_id"])
    op.create_index("ix_knowledge_documents_user_id", "knowledge_documents", ["user_id"])
    op.create_table(
        "knowledge_sources",
        sa.Column("source_id", sa.String(100), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("mapping", sa.String(64), nullable=False, server_default=""),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=True),
        sa.Column("synced_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source_id", name="pk_knowledge_sources"),
    )


def downgrade() -> None:
    op.drop_table("knowledge_sources")
    op.drop_table("knowledge_documents")
