"""The full-text index of each database, as statements: SQLAlchemy has no words for it.

SQLite: an FTS5 table beside the passages that keeps no text of its own. Its column `scope` holds the scope in hex, one
token, so that the index itself passes over what a search may not see. PostgreSQL: a table of `tsvector`s with a GIN
index, and a configuration of its own that stems English and knows no stop words. Triggers keep both in step, for
cascading deletes too, and count changes in `knowledge_changes`, by which a kept answer is known to be out of date.
Signs that make PostgreSQL's parser read addresses, paths and tags where people mean words become blanks.

Run by `create_all` and by the migration. No statement may hold a percent sign or a colon before a word.
"""

from typing import Final

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

SEARCH_DDL: Final[dict[str, tuple[str, ...]]] = {
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
SEARCH_DROP: Final[dict[str, tuple[str, ...]]] = {
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
SEARCH_FILL: Final[dict[str, str]] = {
    "sqlite": "INSERT INTO knowledge_fts (rowid, text, scope) SELECT number, text, hex(scope) FROM knowledge_passages",
    "postgresql": (
        "INSERT INTO knowledge_fts (number, words) SELECT number, "
        "to_tsvector('folkmoot', translate(text, './_-@:#&=?+~<>''', '               ')) FROM knowledge_passages"
    ),
}
