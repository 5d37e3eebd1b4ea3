"""Make usage and budgets.

Revision: 0008; follows 0007.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import JsonColumn, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Use of models, what people set as budgets, what was used of them, and what is on its way."""
    op.create_table(
        "model_usage",
        sa.Column("usage_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("answered_by", sa.String(200), nullable=True),
        sa.Column("agent_id", sa.String(200), nullable=True),
        sa.Column("user_id", sa.String(200), nullable=True),
        sa.Column("conversation_id", sa.String(200), nullable=True),
        sa.Column("workflow_id", sa.String(200), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("usage_id", name="pk_model_usage"),
    )
    op.create_index("ix_model_usage_at", "model_usage", ["at"])
    op.create_index("ix_model_usage_conversation_id", "model_usage", ["conversation_id"])
    op.create_index("ix_model_usage_user_id_at", "model_usage", ["user_id", "at"])
    op.create_index("ix_model_usage_agent_id_at", "model_usage", ["agent_id", "at"])
    op.create_table(
        "budgets",
        sa.Column("budget_id", sa.String(36), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("budget_id", name="pk_budgets"),
        sa.UniqueConstraint("subject", "subject_id", "period", name="uq_budgets_subject_subject_id_period"),
    )
    op.create_table(
        "budget_spending",
        sa.Column("key", sa.String(440), nullable=False),
        sa.Column("period_start", UtcDateTime(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("held_tokens", sa.BigInteger(), nullable=False),
        sa.Column("held_cost", sa.BigInteger(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("exceeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", "period_start", name="pk_budget_spending"),
    )
    op.create_table(
        "budget_reservations",
        sa.Column("usage_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("held", JsonColumn, nullable=False),
        sa.Column("use", JsonColumn, nullable=False),
        sa.PrimaryKeyConstraint("usage_id", name="pk_budget_reservations"),
    )
    op.create_index("ix_budget_reservations_at", "budget_reservations", ["at"])


def downgrade() -> None:
    """Take it back."""
    for table in ("budget_reservations", "budget_spending", "budgets", "model_usage"):
        op.drop_table(table)
