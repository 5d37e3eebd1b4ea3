"""Guard rows on PostgreSQL.

Tables with an owner show their rows to a transaction that says for whom it reads: `folkmoot.user_id` is `*` for the
house itself, or a user's id; unset or empty it shows nothing. This is the second wall, behind what the rooms decide.
It is forced, so it holds for the role that owns the tables too; a superuser, or a role with BYPASSRLS, passes it.

Revision: 0009; follows 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

POLICY = "folkmoot_rows"
# Once a query, not once a row. A setting that was local to an ended transaction is empty, not unset.
WHO = "(SELECT NULLIF(current_setting('folkmoot.user_id', true), ''))"
HOUSE = f"{WHO} = '*'"
OWN = f"user_id = {WHO}"
PERSON = f"person = (SELECT u.person FROM users AS u WHERE u.user_id = {WHO})"  # noqa: S608  # our own words alone
SPACE = "space_id IN (SELECT s.space_id FROM shared_memory_spaces AS s)"  # which has a policy of its own

RULES = {
    **dict.fromkeys(
        (
            "users",
            "api_keys",
            "sign_ins",
            "audit_log",
            "agent_logs",
            "model_usage",
            "leads",
            "lead_history",
            "oidc_identities",
            "shared_memory_spaces",
        ),
        OWN,
    ),
    **dict.fromkeys(("consents", "imports", "twin_messages", "profiles"), PERSON),
    "shared_memory": SPACE,
    # Nobody's but the house's: what opens doors, and what only the house compares.
    **dict.fromkeys(("access_tokens", "used_tokens", "consent_keys", "consent_audit", "idempotency_keys"), "false"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, rule in RULES.items():
        allowed = f"({HOUSE}) OR ({rule})"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {POLICY} ON {table} USING ({allowed}) WITH CHECK ({allowed})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in RULES:
        op.execute(f"DROP POLICY {POLICY} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
