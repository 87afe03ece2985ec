-- Entries may record facts and steps of runs; keys are revoked, and somebody may ask for a waiver; what a
-- person answers for while a rollout waits (somebody else's pause that is ended, objects that no status
-- judges), and reasons that name them: a program that does not know these kinds must find a newer ledger.

PRAGMA user_version = 4;
