"""Make what searching keeps.

The place of a passage in its document, a full-text index that knows scopes, vectors, and the memory that agents share.
Revision: 0006; follows 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from folkmoot.storage import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_EARLIER_KEEP = "INSERT INTO knowledge_fts (rowid, text) VALUES (new.number, new.text);"
_EARLIER_FORGET = "INSERT INTO knowledge_fts (knowledge_fts, rowid, text) VALUES ('delete', old.number, old.text);"
EARLIER_DROP = {
    "sqlite": (
        "DROP TRIGGER knowledge_fts_insert",
        "DROP TRIGGER knowledge_fts_delete",
        "DROP TRIGGER knowledge_fts_update",
        "DROP TABLE knowledge_fts",
    ),
    "postgresql": ("DROP INDEX ix_knowledge_passages_text",),
}
EARLIER = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE knowledge_fts USING fts5(text, content='knowledge_passages', "
            "content_rowid='number', tokenize='unicode61 remove_diacritics 2')"
        ),
        f"CREATE TRIGGER knowledge_fts_insert AFTER INSERT ON knowledge_passages BEGIN {_EARLIER_KEEP} END",
        f"CREATE TRIGGER knowledge_fts_delete AFTER DELETE ON knowledge_passages BEGIN {_EARLIER_FORGET} END",
        (
            "CREATE TRIGGER knowledge_fts_update AFTER UPDATE OF text ON knowledge_passages "
            f"BEGIN {_EARLIER_FORGET} {_EARLIER_KEEP} END"
        ),
        "INSERT INTO knowledge_fts (knowledge_fts) VALUES ('rebuild')",
    ),
    "postgresql": (
        "CREATE INDEX ix_knowledge_passages_text ON knowledge_passages USING gin (to_tsvector('simple', text))",
    ),
}

# As `folkmoot.memory.full_text` had it at this revision; what changes there later gets a revision of its own.
_FORGET = (
    "INSERT INTO knowledge_fts (knowledge_fts, rowid, text, scope) "
    "VALUES ('delete', old.number, old.text, hex(old.scope));"
)
_KEEP = "INSERT INTO knowledge_fts (rowid, text, scope) VALUES (new.number, new.text, hex(new.scope));"
_COUNT = (
    "INSERT INTO knowledge_changes (number, version) VALUES (1, 1) "
    "ON CONFLICT (number) DO UPDATE SET version = version + 1;"
)
_ON = "ON knowledge_passages BEGIN"

INDEX = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE knowledge_fts USING fts5("
            "text, scope, content='', tokenize='porter unicode61 remove_diacritics 2')"
        ),
        f"CREATE TRIGGER knowledge_fts_insert AFTER INSERT {_ON} {_KEEP} {_COUNT} END",
        f"CREATE TRIGGER knowledge_fts_delete AFTER DELETE {_ON} {_FORGET} {_COUNT} END",
        f"CREATE TRIGGER knowledge_fts_update AFTER UPDATE OF text, scope {_ON} {_FORGET} {_KEEP} END",
        f"CREATE TRIGGER knowledge_fts_change AFTER UPDATE {_ON} {_COUNT} END",
    ),
    "postgresql": (
        "CREATE TEXT SEARCH DICTIONARY folkmoot_stem (TEMPLATE = snowball, LANGUAGE = english)",
        "CREATE TEXT SEARCH CONFIGURATION folkmoot (COPY = simple)",
        "ALTER TEXT SEARCH CONFIGURATION folkmoot ALTER MAPPING FOR asciiword, word WITH folkmoot_stem",
        (
            "CREATE TABLE knowledge_fts ("
            "number bigint PRIMARY KEY REFERENCES knowledge_passages (number) ON DELETE CASCADE, "
            "words tsvector NOT NULL)"
        ),
        "CREATE INDEX ix_knowledge_fts_words ON knowledge_fts USING gin (words)",
        (
            "CREATE FUNCTION knowledge_fts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO knowledge_fts (number, words) VALUES "
            "(new.number, to_tsvector('folkmoot', translate(new.text, './_-@:#&=?+~<>''', '               '))) "
            "ON CONFLICT (number) DO UPDATE SET words = excluded.words; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER knowledge_fts_keep AFTER INSERT OR UPDATE OF text ON knowledge_passages "
            "FOR EACH ROW EXECUTE FUNCTION knowledge_fts_keep()"
        ),
        (
            "CREATE FUNCTION knowledge_fts_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO knowledge_changes (version) VALUES (1); RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER knowledge_fts_count AFTER INSERT OR UPDATE OR DELETE ON knowledge_passages "
            "FOR EACH STATEMENT EXECUTE FUNCTION knowledge_fts_count()"
        ),
    ),
}
# Before the passages' own table is dropped.
INDEX_DROP = {
    "sqlite": (
        *(f"DROP TRIGGER IF EXISTS knowledge_fts_{name}" for name in ("insert", "delete", "update", "change")),
        "DROP TABLE IF EXISTS knowledge_fts",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS knowledge_fts_keep ON knowledge_passages",
        "DROP TRIGGER IF EXISTS knowledge_fts_count ON knowledge_passages",
        "DROP FUNCTION IF EXISTS knowledge_fts_keep()",
        "DROP FUNCTION IF EXISTS knowledge_fts_count()",
        "DROP TABLE IF EXISTS knowledge_fts",
        "DROP TEXT SEARCH CONFIGURATION IF EXISTS folkmoot",
        "DROP TEXT SEARCH DICTIONARY IF EXISTS folkmoot_stem",
    ),
}
# For passages that were there before the index.
INDEX_FILL = {
    "sqlite": "INSERT INTO knowledge_fts (rowid, text, scope) SELECT number, text, hex(scope) FROM knowledge_passages",
    "postgresql": (
        "INSERT INTO knowledge_fts (number, words) SELECT number, "
        "to_tsvector('folkmoot', translate(text, './_-@:#&=?+~<>''', '               ')) FROM knowledge_passages"
    ),
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _run(EARLIER_DROP[dialect])
    op.add_column("knowledge_passages", sa.Column("heading", sa.String(500), nullable=False, server_default=""))
    op.add_column("knowledge_passages", sa.Column("page", sa.Integer(), nullable=True))
    op.add_column("knowledge_passages", sa.Column("line", sa.Integer(), nullable=True))
    op.add_column("knowledge_passages", sa.Column("media_type", sa.String(100), nullable=False, server_default=""))
    op.create_table(
        "knowledge_changes",
        sa.Column("number", COUNTED, primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    _run(INDEX[dialect])
    op.execute(INDEX_FILL[dialect])
    op.create_table(
        "knowledge_vectors",
        sa.Column("sequence", COUNTED, primary_key=True),
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"],
            ["knowledge_passages.number"],
            name="fk_knowledge_vectors_number_knowledge_passages",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_vectors_number_model", "knowledge_vectors", ["number", "model"], unique=True)
    op.create_index("ix_knowledge_vectors_model", "knowledge_vectors", ["model"])
    op.create_table(
        "knowledge_points",
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("number", COUNTED, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("model", "number", name="pk_knowledge_points"),
    )
    _shared_memory()


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.drop_table("shared_memory")
    op.drop_table("shared_memory_spaces")
    op.drop_table("knowledge_points")
    op.drop_table("knowledge_vectors")
    _run(INDEX_DROP[dialect])
    op.drop_table("knowledge_changes")
    for column in ("media_type", "line", "page", "heading"):
        op.drop_column("knowledge_passages", column)
    _run(EARLIER[dialect])


def _shared_memory() -> None:
    op.create_table(
        "shared_memory_spaces",
        sa.Column("space_id", sa.String(200), primary_key=True),
        sa.Column("user_id", sa.String(100), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "shared_memory",
        sa.Column("id", COUNTED, primary_key=True),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("agent_id", sa.String(100), nullable=False),
        sa.Column("memory_key", sa.String(200), nullable=False),
        sa.Column("memory_value", JSON, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(100), nullable=True),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["space_id"],
            ["shared_memory_spaces.space_id"],
            name="fk_shared_memory_space_id_shared_memory_spaces",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_shared_memory_space_id_scope_agent_id_memory_key",
        "shared_memory",
        ["space_id", "scope", "agent_id", "memory_key"],
        unique=True,
    )
    op.create_index("ix_shared_memory_expires_at", "shared_memory", ["expires_at"])


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
