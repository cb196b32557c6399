-- The full-text index of a Log; $ is the shape's name. It holds no text of its
-- own. The owner, as one word of hexadecimal digits, is indexed beside the text,
-- so that a search reads the words of one owner and not those of everybody.
-- There is no trigger for INSERT: the statement would get a savepoint, at which
-- the index writes out what it has gathered, and a row would cost more than twice as much.
CREATE VIRTUAL TABLE "log_$_fts" USING fts5 (
	owner, text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER "log_$_fts_delete" AFTER DELETE ON "log_$" WHEN old.text IS NOT NULL BEGIN
	DELETE FROM "log_$_fts" WHERE rowid = old.seq;
END;
CREATE TRIGGER "log_$_fts_update" AFTER UPDATE OF text ON "log_$" WHEN old.text IS NOT NULL BEGIN
	DELETE FROM "log_$_fts" WHERE rowid = old.seq;
END;
