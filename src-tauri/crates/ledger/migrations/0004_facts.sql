-- Entries may record facts from here on: an older program would not know them.

PRAGMA user_version = 4;
