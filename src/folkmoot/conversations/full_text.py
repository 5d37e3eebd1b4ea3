"""The full-text index of what was said, as statements: SQLAlchemy has no words for it.

SQLite: an FTS5 table beside the messages that keeps no text of its own. Its column `owner` holds whose they are in
hex, one token, so that the index itself passes over what others said. PostgreSQL: a table of `tsvector`s with a GIN
index, read by the configuration `folkmoot` that the knowledge's index brings. Triggers keep both in step, for
cascading deletes too. An answer that is on its way is left out: it changes several times a second.

Run by `create_all` and by the migration. No statement may hold a percent sign or a colon before a word.
"""

from typing import Final

_FORGET = (
    "INSERT INTO messages_fts (messages_fts, rowid, text, owner) "
    "SELECT 'delete', old.number, old.content, hex(old.user_id)"
)
_KEEP = "INSERT INTO messages_fts (rowid, text, owner) SELECT new.number, new.content, hex(new.user_id)"
_WAS_SETTLED = "WHERE old.status <> 'answering';"
_IS_SETTLED = "WHERE new.status <> 'answering';"
_ON = "ON messages BEGIN"
_THOSE = "WHERE status <> 'answering'"
_INSERT = "INSERT INTO messages_fts (number, words)"
# Signs that make PostgreSQL's parser read addresses, paths and tags where people mean words become blanks.
_WORDS = "to_tsvector('folkmoot', translate({}, './_-@:#&=?+~<>''', '               '))"

SEARCH_DDL: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE messages_fts USING fts5("
            "text, owner, content='', tokenize='porter unicode61 remove_diacritics 2')"
        ),
        f"CREATE TRIGGER messages_fts_insert AFTER INSERT {_ON} {_KEEP} {_IS_SETTLED} END",
        f"CREATE TRIGGER messages_fts_delete AFTER DELETE {_ON} {_FORGET} {_WAS_SETTLED} END",
        (
            "CREATE TRIGGER messages_fts_update AFTER UPDATE OF content, status "
            f"{_ON} {_FORGET} {_WAS_SETTLED} {_KEEP} {_IS_SETTLED} END"
        ),
    ),
    "postgresql": (
        (
            "CREATE TABLE messages_fts ("
            "number bigint PRIMARY KEY REFERENCES messages (number) ON DELETE CASCADE, words tsvector NOT NULL)"
        ),
        "CREATE INDEX ix_messages_fts_words ON messages_fts USING gin (words)",
        (
            "CREATE FUNCTION messages_fts_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF new.status <> 'answering' THEN {_INSERT} VALUES (new.number, {_WORDS.format('new.content')}) "
            "ON CONFLICT (number) DO UPDATE SET words = excluded.words; END IF; RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER messages_fts_keep AFTER INSERT OR UPDATE OF content, status ON messages "
            "FOR EACH ROW EXECUTE FUNCTION messages_fts_keep()"
        ),
    ),
}
# Before the messages' own table is dropped.
SEARCH_DROP: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        *(f"DROP TRIGGER IF EXISTS messages_fts_{name}" for name in ("insert", "delete", "update")),
        "DROP TABLE IF EXISTS messages_fts",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS messages_fts_keep ON messages",
        "DROP FUNCTION IF EXISTS messages_fts_keep()",
        "DROP TABLE IF EXISTS messages_fts",
    ),
}
# For messages that were there before the index.
SEARCH_FILL: Final[dict[str, str]] = {
    "sqlite": (
        "INSERT INTO messages_fts (rowid, text, owner) "
        "SELECT number, content, hex(user_id) FROM messages WHERE status <> 'answering'"
    ),
    "postgresql": f"{_INSERT} SELECT number, {_WORDS.format('content')} FROM messages {_THOSE}",  # noqa: S608  # our own words
}
