-- Never change this file once it has been released: sqlx refuses a ledger whose applied migrations
-- differ from the program's. A new need is a new migration, which also raises user_version.

-- 'PLHS'; tells a ledger from any other SQLite file.
PRAGMA application_id = 0x504C4853;
PRAGMA user_version = 1;

-- at, stream, position, actor, record, previous: exactly the texts that are hashed (see README.md).
-- environment and verb are taken from the record, for filters; verification compares them with it.
CREATE TABLE entries (
    sequence    INTEGER PRIMARY KEY,
    at          TEXT NOT NULL,
    stream      TEXT NOT NULL,
    position    INTEGER NOT NULL,
    actor       TEXT,
    environment TEXT,
    verb        TEXT NOT NULL,
    record      TEXT NOT NULL,
    previous    TEXT NOT NULL,
    hash        TEXT NOT NULL,
    UNIQUE (stream, position)
) STRICT;

CREATE INDEX entries_by_actor ON entries (actor);
CREATE INDEX entries_by_environment ON entries (environment);
CREATE INDEX entries_by_verb ON entries (verb);

CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;

-- INSERT OR REPLACE fires no delete trigger, so that insertion itself has to refuse an old number.
CREATE TRIGGER entries_only_follow BEFORE INSERT ON entries
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entries)
  OR NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entries WHERE stream = NEW.stream)
BEGIN SELECT RAISE(ABORT, 'an entry follows the newest one'); END;

CREATE TRIGGER blobs_are_never_changed BEFORE UPDATE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are never changed'); END;

CREATE TRIGGER blobs_are_never_deleted BEFORE DELETE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are never deleted'); END;

CREATE TRIGGER blobs_are_never_replaced BEFORE INSERT ON blobs
WHEN EXISTS (SELECT 1 FROM blobs WHERE digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'blobs are never replaced'); END;

-- Trigrams find Chinese, which has no spaces between words. It is an index only: it can be built
-- again from the entries.
CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram');

-- Values only, not the names of fields; key and value of a signature are noise to a reader.
CREATE TRIGGER entries_are_indexed AFTER INSERT ON entries
BEGIN
    INSERT INTO words (rowid, text)
    SELECT NEW.sequence,
           concat_ws(char(10), NEW.verb, NEW.actor,
                     (SELECT atom FROM json_tree(NEW.stream) WHERE atom IS NOT NULL),
                     group_concat(atom, char(10)))
    FROM json_tree(NEW.record)
    WHERE atom IS NOT NULL
      AND NOT (key IN ('key', 'value') AND path LIKE '%.signed');
END;
