-- What a person answers for while a rollout waits (somebody else's pause that is ended, objects that no
-- status judges), and reasons that name them: a program that knows neither must find a newer ledger.

PRAGMA user_version = 4;
