-- Where the chain ends, written down beside it: hashes alone do not show that the last entries were
-- cut off. One row for every run of entries that follow one another; a whole ledger has one.

PRAGMA user_version = 2;

CREATE TABLE tails (
    run      INTEGER PRIMARY KEY,
    first    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash     TEXT NOT NULL
) STRICT;

INSERT INTO tails (first, sequence, hash)
SELECT 1, sequence, hash FROM entries ORDER BY sequence DESC LIMIT 1;

-- An entry that does not follow the end that is written down begins a row of its own, so that what
-- is appended later hides nothing.
CREATE TRIGGER entries_move_their_tail AFTER INSERT ON entries
BEGIN
    UPDATE tails SET sequence = NEW.sequence, hash = NEW.hash
    WHERE sequence = NEW.sequence - 1 AND hash = NEW.previous;
    INSERT INTO tails (first, sequence, hash)
    SELECT NEW.sequence, NEW.sequence, NEW.hash
    WHERE NOT EXISTS (SELECT 1 FROM tails WHERE sequence = NEW.sequence AND hash = NEW.hash);
END;

CREATE TRIGGER tails_only_follow BEFORE UPDATE ON tails
WHEN NEW.run IS NOT OLD.run OR NEW.first IS NOT OLD.first
  OR NOT EXISTS (SELECT 1 FROM entries
                 WHERE sequence = NEW.sequence AND hash = NEW.hash
                   AND sequence = OLD.sequence + 1 AND previous = OLD.hash)
BEGIN SELECT RAISE(ABORT, 'a tail only follows its entries'); END;

CREATE TRIGGER tails_are_never_deleted BEFORE DELETE ON tails
BEGIN SELECT RAISE(ABORT, 'tails are never deleted'); END;

CREATE TRIGGER tails_are_never_replaced BEFORE INSERT ON tails
WHEN EXISTS (SELECT 1 FROM tails WHERE run = NEW.run)
BEGIN SELECT RAISE(ABORT, 'tails are never replaced'); END;

-- Words of entries that were cut off stand where those of new ones belong. An audit that goes on
-- after that is worth more than the index.
DROP TRIGGER entries_are_indexed;
CREATE TRIGGER entries_are_indexed AFTER INSERT ON entries
BEGIN
    INSERT OR REPLACE INTO words (rowid, text)
    SELECT NEW.sequence,
           concat_ws(char(10), NEW.verb, NEW.actor,
                     (SELECT atom FROM json_tree(NEW.stream) WHERE atom IS NOT NULL),
                     group_concat(atom, char(10)))
    FROM json_tree(NEW.record)
    WHERE atom IS NOT NULL
      AND NOT (key IN ('key', 'value') AND path LIKE '%.signed');
END;
