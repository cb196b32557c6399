-- A KV or a Map; $ is the shape's name. A KV has the empty key.
CREATE TABLE "map_$" (
	owner TEXT NOT NULL,
	key TEXT NOT NULL,
	value BLOB,
	PRIMARY KEY (owner, key)
) WITHOUT ROWID;
