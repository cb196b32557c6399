-- The list of shapes. Each shape has tables of its own, made when it is first
-- declared from map.sql or log.sql, and named after it.
CREATE TABLE shape (
	name TEXT PRIMARY KEY,
	kind INTEGER NOT NULL, -- store.Kind
	fulltext INTEGER NOT NULL
) WITHOUT ROWID;
