-- Plans as steps, facts, revoked keys, requests for a waiver, what a person answers for while a rollout waits,
-- releases that are read-only because of an entry: a program that knows none of these must find a newer ledger.

PRAGMA user_version = 4;

-- What the engine keeps of a release that has ended, so that a start need not read its entries. Derived from
-- them, and good for the stream's end that it names only: whatever does not fit is derived again. Not a part
-- of the chain, and the only table besides the index that is ever replaced.
CREATE TABLE summaries (
    stream   TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    body     TEXT NOT NULL,
    digest   TEXT NOT NULL
) STRICT;
