-- Why a rollout or a way back ended badly is written in parts from now on, not as one English text: a
-- program that knows only the text must find a newer ledger.

PRAGMA user_version = 3;

-- Words of one or two characters are no trigrams, but every trigram begins with some. With two line
-- breaks at the end of a text, every character of it begins one.
DROP TRIGGER entries_are_indexed;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram');
-- A few parts of the index more for a search, and none of them merged while somebody waits for most entries
-- to be written: sixteen are merged at once.
INSERT INTO words (words, rank) VALUES ('automerge', 0);

INSERT INTO words (rowid, text)
SELECT entries.sequence,
       concat_ws(char(10), entries.verb, entries.actor,
                 (SELECT atom FROM json_tree(entries.stream) WHERE atom IS NOT NULL),
                 (SELECT group_concat(atom, char(10)) FROM json_tree(entries.record)
                  WHERE atom IS NOT NULL
                    AND NOT (key IN ('key', 'value') AND path LIKE '%.signed')),
                 char(10))
FROM entries
-- A record that somebody damaged is not found by its words; the chain names it.
WHERE json_valid(entries.stream) AND json_valid(entries.record)
ORDER BY entries.sequence;

CREATE TRIGGER entries_are_indexed AFTER INSERT ON entries
BEGIN
    INSERT OR REPLACE INTO words (rowid, text)
    SELECT NEW.sequence,
           concat_ws(char(10), NEW.verb, NEW.actor,
                     (SELECT atom FROM json_tree(NEW.stream) WHERE atom IS NOT NULL),
                     group_concat(atom, char(10)), char(10))
    FROM json_tree(NEW.record)
    WHERE atom IS NOT NULL
      AND NOT (key IN ('key', 'value') AND path LIKE '%.signed');
END;

-- The trigrams, in order.
CREATE VIRTUAL TABLE pieces USING fts5vocab(words, instance);
