"""Make what the walls keep.

Revision: 0003; follows 0002.
"""

import sqlalchemy as sa
from alembic import op

from folkmoot.storage import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


COLUMNS = ("silenced_at", "silenced_by", "silenced_reason")


def upgrade() -> None:
    op.add_column("agents", sa.Column("silenced_at", UtcDateTime(), nullable=True))
    op.add_column("agents", sa.Column("silenced_by", sa.String(length=64), nullable=True))
    op.add_column("agents", sa.Column("silenced_reason", sa.String(length=500), nullable=True))
    op.create_index(op.f("ix_agents_silenced_at"), "agents", ["silenced_at"])
    op.create_table(
        "oidc_identities",
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=400), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_oidc_identities_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_oidc_identities")),
    )
    op.create_index(op.f("ix_oidc_identities_user_id"), "oidc_identities", ["user_id"])


def downgrade() -> None:
    op.drop_table("oidc_identities")
    op.drop_index(op.f("ix_agents_silenced_at"), table_name="agents")
    for column in COLUMNS:
        op.drop_column("agents", column)
