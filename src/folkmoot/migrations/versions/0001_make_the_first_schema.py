"""Make the first schema.

Revision: 0001; follows nothing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from folkmoot.storage import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIGSERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_FORGET = "INSERT INTO knowledge_fts (knowledge_fts, rowid, text) VALUES ('delete', old.number, old.text);"
_KEEP = "INSERT INTO knowledge_fts (rowid, text) VALUES (new.number, new.text);"
FULL_TEXT = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE knowledge_fts USING fts5(text, content='knowledge_passages', "
            "content_rowid='number', tokenize='unicode61 remove_diacritics 2')"
        ),
        f"CREATE TRIGGER knowledge_fts_insert AFTER INSERT ON knowledge_passages BEGIN {_KEEP} END",
        f"CREATE TRIGGER knowledge_fts_delete AFTER DELETE ON knowledge_passages BEGIN {_FORGET} END",
        f"CREATE TRIGGER knowledge_fts_update AFTER UPDATE OF text ON knowledge_passages BEGIN {_FORGET} {_KEEP} END",
    ),
    "postgresql": (
        "CREATE INDEX ix_knowledge_passages_text ON knowledge_passages USING gin (to_tsvector('simple', text))",
    ),
}


AUDIT = {
    "sqlite": tuple(
        f"CREATE TRIGGER consent_audit_no_{verb.lower()} BEFORE {verb} ON consent_audit "
        "BEGIN SELECT RAISE(ABORT, 'consent_audit is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION consent_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'consent_audit is append-only'; END $$"
        ),
        (
            "CREATE TRIGGER consent_audit_append_only BEFORE UPDATE OR DELETE ON consent_audit "
            "FOR EACH ROW EXECUTE FUNCTION consent_audit_append_only()"
        ),
    ),
}


def upgrade() -> None:
    _access_tokens()
    _agents()
    _consent_audit()
    _consent_keys()
    _consents()
    _events()
    _handled_messages()
    _idempotency_keys()
    _run_executors()
    _tasks()
    _twins()
    _imports()
    _knowledge_passages()
    _profiles()
    _task_consultations()
    _task_dependencies()
    _task_outcomes()
    _task_utterances()
    _task_verdicts()
    _twin_messages()
    dialect = op.get_bind().dialect.name
    for statement in (*FULL_TEXT[dialect], *AUDIT[dialect]):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE knowledge_fts")
    for table in (
        "twin_messages",
        "task_verdicts",
        "task_utterances",
        "task_outcomes",
        "task_dependencies",
        "task_consultations",
        "profiles",
        "knowledge_passages",
        "imports",
        "twins",
        "tasks",
        "run_executors",
        "idempotency_keys",
        "handled_messages",
        "events",
        "consents",
        "consent_keys",
        "consent_audit",
        "agents",
        "access_tokens",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS consent_audit_append_only()")


def _access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_tokens")),
    )


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("capabilities", JSON, nullable=False),
        sa.Column("supported_intents", JSON, nullable=False),
        sa.Column("max_capacity", sa.Integer(), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("owner", sa.String(length=20), nullable=False),
        sa.Column("chosen_name", sa.String(length=200), nullable=True),
        sa.Column("chosen_capacity", sa.Integer(), nullable=True),
        sa.Column("availability", sa.String(length=20), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("current_workload", sa.Integer(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=True),
        sa.Column("last_active", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agents")),
    )
    op.create_index(op.f("ix_agents_department"), "agents", ["department"])
    op.create_index(op.f("ix_agents_last_seen"), "agents", ["last_seen"])
    op.create_index(op.f("ix_agents_role"), "agents", ["role"])


def _consent_audit() -> None:
    op.create_table(
        "consent_audit",
        sa.Column("id", BIGSERIAL, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_hash", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_audit")),
    )
    op.create_index(op.f("ix_consent_audit_person_hash"), "consent_audit", ["person_hash"])


def _consent_keys() -> None:
    op.create_table(
        "consent_keys",
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_consent_keys")),
    )


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consents")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_consents_token_hash")),
    )
    op.create_index(op.f("ix_consents_expires_at"), "consents", ["expires_at"])
    op.create_index(op.f("ix_consents_person_platform"), "consents", ["person", "platform"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", BIGSERIAL, nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_subject_id"), "events", ["subject", "id"])
    op.create_index(op.f("ix_events_timestamp"), "events", ["timestamp"])
    op.create_index(op.f("ix_events_type_id"), "events", ["type", "id"])


def _handled_messages() -> None:
    op.create_table(
        "handled_messages",
        sa.Column("agent_id", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reply", JSON, nullable=True),
        sa.PrimaryKeyConstraint("agent_id", "message_id", name=op.f("pk_handled_messages")),
    )
    op.create_index(op.f("ix_handled_messages_at"), "handled_messages", ["at"])


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def _run_executors() -> None:
    op.create_table(
        "run_executors",
        sa.Column("executor_id", sa.String(length=200), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_run_executors")),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("task_type", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("estimated_hours", sa.Float(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tasks")),
        sa.UniqueConstraint("task_id", name=op.f("uq_tasks_task_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tasks_owner_status"), "tasks", ["owner", "status"])
    op.create_index(op.f("ix_tasks_status_number"), "tasks", ["status", "number"])


def _twins() -> None:
    op.create_table(
        "twins",
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("agent_id", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("forgetting_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_twins")),
        sa.UniqueConstraint("agent_id", name=op.f("uq_twins_agent_id")),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("options", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("own", sa.Integer(), nullable=False),
        sa.Column("skipped", JSON, nullable=False),
        sa.Column("redactions", JSON, nullable=False),
        sa.Column("problems", JSON, nullable=False),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.consent_id"], name=op.f("fk_imports_consent_id_consents"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person"], ["twins.person"], name=op.f("fk_imports_person_twins"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_consent_id"), "imports", ["consent_id"])
    op.create_index(op.f("ix_imports_person_fingerprint"), "imports", ["person", "fingerprint"])
    op.create_index(op.f("ix_imports_state"), "imports", ["state"])


def _knowledge_passages() -> None:
    op.create_table(
        "knowledge_passages",
        sa.Column("number", BIGSERIAL, nullable=False),
        sa.Column("passage_id", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=420), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "scope NOT LIKE 'twin:%' OR consent_id IS NOT NULL", name=op.f("ck_knowledge_passages_twin_consent")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"],
            ["consents.consent_id"],
            name=op.f("fk_knowledge_passages_consent_id_consents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_knowledge_passages")),
        sa.UniqueConstraint("passage_id", name=op.f("uq_knowledge_passages_passage_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_knowledge_passages_consent_id"), "knowledge_passages", ["consent_id"])
    op.create_index(op.f("ix_knowledge_passages_origin"), "knowledge_passages", ["origin"])
    op.create_index(op.f("ix_knowledge_passages_scope_source"), "knowledge_passages", ["scope", "source"])


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("profile_consent_id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.consent_id"], name=op.f("fk_profiles_consent_id_consents"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["twins.person"], name=op.f("fk_profiles_person_twins"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["profile_consent_id"],
            ["consents.consent_id"],
            name=op.f("fk_profiles_profile_consent_id_consents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_profiles")),
    )
    op.create_index(op.f("ix_profiles_person"), "profiles", ["person"])
    op.create_index(op.f("ix_profiles_profile_consent_id"), "profiles", ["profile_consent_id"])


def _task_consultations() -> None:
    op.create_table(
        "task_consultations",
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(length=200), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name=op.f("fk_task_consultations_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "attempt", "agent_id", name=op.f("pk_task_consultations")),
    )
    op.create_index(op.f("ix_task_consultations_agent_id"), "task_consultations", ["agent_id"])


def _task_dependencies() -> None:
    op.create_table(
        "task_dependencies",
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("needs", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["needs"], ["tasks.task_id"], name=op.f("fk_task_dependencies_needs_tasks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name=op.f("fk_task_dependencies_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "needs", name=op.f("pk_task_dependencies")),
    )
    op.create_index(op.f("ix_task_dependencies_needs"), "task_dependencies", ["needs"])


def _task_outcomes() -> None:
    op.create_table(
        "task_outcomes",
        sa.Column("outcome_id", sa.String(length=200), nullable=False),
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("agent_id", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hours", sa.Float(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name=op.f("fk_task_outcomes_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_task_outcomes")),
        sa.UniqueConstraint("task_id", "agent_id", "kind", name=op.f("uq_task_outcomes_task_id_agent_id_kind")),
    )
    op.create_index(op.f("ix_task_outcomes_agent_id"), "task_outcomes", ["agent_id"])
    op.create_index(op.f("ix_task_outcomes_person"), "task_outcomes", ["person"])


def _task_utterances() -> None:
    op.create_table(
        "task_utterances",
        sa.Column("id", BIGSERIAL, nullable=False),
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("speaker", sa.String(length=200), nullable=False),
        sa.Column("said", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name=op.f("fk_task_utterances_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_utterances")),
        sa.UniqueConstraint("message_id", name=op.f("uq_task_utterances_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_utterances_speaker"), "task_utterances", ["speaker"])
    op.create_index(op.f("ix_task_utterances_task_id_attempt_id"), "task_utterances", ["task_id", "attempt", "id"])


def _task_verdicts() -> None:
    op.create_table(
        "task_verdicts",
        sa.Column("task_id", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("verdict", JSON, nullable=False),
        sa.Column("positions", JSON, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.task_id"], name=op.f("fk_task_verdicts_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "attempt", name=op.f("pk_task_verdicts")),
    )


def _twin_messages() -> None:
    op.create_table(
        "twin_messages",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=400), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=True),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("thread", sa.String(length=32), nullable=False),
        sa.Column("paths", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"],
            ["consents.consent_id"],
            name=op.f("fk_twin_messages_consent_id_consents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.import_id"], name=op.f("fk_twin_messages_import_id_imports"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["twins.person"], name=op.f("fk_twin_messages_person_twins"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_twin_messages")),
    )
    op.create_index(op.f("ix_twin_messages_consent_id"), "twin_messages", ["consent_id"])
    op.create_index(op.f("ix_twin_messages_import_id"), "twin_messages", ["import_id"])
    op.create_index(op.f("ix_twin_messages_person_own_at"), "twin_messages", ["person", "own", "at"])
