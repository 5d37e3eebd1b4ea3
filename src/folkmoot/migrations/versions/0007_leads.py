"""Make leads.

Revision: 0007; follows 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from folkmoot.storage import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIGSERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Leads and what happened to each."""
    op.create_table(
        "leads",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("lead_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("company", sa.String(200), nullable=True),
        sa.Column("phone", sa.String(60), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("services_interested", JSON, nullable=False),
        sa.Column("budget_range", sa.String(200), nullable=True),
        sa.Column("timeline", sa.String(200), nullable=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("priority", sa.String(10), nullable=True),
        sa.Column("analysis", JSON, nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_leads"),
        sa.UniqueConstraint("lead_id", name="uq_leads_lead_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leads_user_id_number", "leads", ["user_id", "number"])
    op.create_index("ix_leads_status_number", "leads", ["status", "number"])
    op.create_index("ix_leads_settled", "leads", ["settled"])
    op.create_index("ix_leads_deleted_at", "leads", ["deleted_at"])
    op.create_table(
        "lead_history",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("lead_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lead_history"),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.lead_id"], name="fk_lead_history_lead_id_leads", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lead_history_lead_id", "lead_history", ["lead_id"])


def downgrade() -> None:
    """Leads go."""
    op.drop_table("lead_history")
    op.drop_table("leads")
