package store

import "context"

// exportPage is how many log items Export holds in memory.
const exportPage = 256

func (db *db) RemoveOwner(ctx context.Context, owner string) error {
	return db.Update(ctx, func(tx Tx) error {
		shapes, err := tx.Shapes()
		if err != nil {
			return err
		}
		for _, s := range shapes {
			if err := tx.Clear(s.Name, owner); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *db) Export(ctx context.Context, owner string, fn func(Record) error) error {
	return db.View(ctx, func(tx Tx) error {
		shapes, err := tx.Shapes()
		if err != nil {
			return err
		}
		for _, s := range shapes {
			if s.Kind == KindLog {
				err = exportLog(ctx, tx, s, owner, fn)
			} else {
				err = exportMap(tx, s, owner, fn)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func exportMap(tx Tx, s Shape, owner string, fn func(Record) error) error {
	entries, err := tx.Range(s.Name, owner, "")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := fn(Record{Shape: s.Name, Kind: s.Kind, Owner: owner, Key: e.Key, Value: e.Value}); err != nil {
			return err
		}
	}
	return nil
}

func exportLog(ctx context.Context, tx Tx, s Shape, owner string, fn func(Record) error) error {
	q := Query{Limit: exportPage}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := tx.Query(s.Name, owner, q)
		if err != nil {
			return err
		}
		for _, it := range page.Items {
			if err := fn(Record{Shape: s.Name, Kind: s.Kind, Owner: owner, Item: it}); err != nil {
				return err
			}
			q.After = it.ID
		}
		if page.Complete {
			return nil
		}
	}
}
