-- Keys are revoked, and somebody may ask for a waiver: a program that does not know these kinds of events
-- must find a newer ledger.

PRAGMA user_version = 4;
