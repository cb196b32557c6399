-- A Log; $ is the shape's name. The order of a log is (at, seq), and each index
-- ends in it (SQLite appends seq, the row id), so that a page costs the same
-- anywhere in a log of any length.
CREATE TABLE "log_$" (
	seq INTEGER PRIMARY KEY,
	owner TEXT NOT NULL,
	id TEXT NOT NULL,
	at INTEGER NOT NULL, -- microseconds since 1970, UTC
	peer TEXT NOT NULL,
	resource TEXT NOT NULL,
	value BLOB,
	text TEXT -- what full-text search finds, NULL for nothing
);
CREATE UNIQUE INDEX "log_$_id" ON "log_$" (owner, id);
CREATE INDEX "log_$_at" ON "log_$" (owner, at);
CREATE INDEX "log_$_peer" ON "log_$" (owner, peer, at);
