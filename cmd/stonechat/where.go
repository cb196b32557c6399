package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/stonechat-im/stonechat/server/c2s"
	"github.com/stonechat-im/stonechat/server/config"
	"github.com/stonechat-im/stonechat/server/config/certs"
	"github.com/stonechat-im/stonechat/server/config/datadir"
	"github.com/stonechat-im/stonechat/server/mod/all"
	serverrun "github.com/stonechat-im/stonechat/server/run"
	"github.com/stonechat-im/stonechat/server/store"
	"github.com/stonechat-im/stonechat/server/store/sqlite"
)

// where says which server a command is about.
type where struct {
	Config string `short:"c" env:"STONECHAT_CONFIG" placeholder:"FILE" help:"The configuration. Without one: that which the data folder was last served with, or else the defaults for localhost."`
	Data   string `short:"d" placeholder:"DIR" help:"The data folder, in place of the one that the configuration names (${default_data} without a configuration)."`
}

// load reads the configuration.
func (w where) load() (*config.File, error) {
	name := w.Config
	if name == "" {
		data := w.Data
		if data == "" {
			data = config.Default().Data
		}
		var err error
		if name, err = datadir.Path(data).Config(); err != nil {
			return nil, err
		}
	}
	f := config.Default()
	if name != "" {
		var err error
		if f, err = config.Load(name, all.Defs()); err != nil {
			var ps config.Problems
			if errors.As(err, &ps) {
				return nil, err
			}
			return nil, fmt.Errorf("the configuration: %w", err)
		}
	}
	if w.Data != "" {
		f.Data = w.Data
	}
	return f, nil
}

// server is a server on its data folder.
type server struct {
	*serverrun.Server
	file *config.File
	dir  *datadir.Dir
	db   store.DB
}

// open locks the data folder, opens the database and builds the server, without listening. certificates may be nil.
func open(ctx context.Context, f *config.File, certificates c2s.Certificates, dir *datadir.Dir, log *slog.Logger) (*server, error) {
	db, err := sqlite.Open(dir.Database())
	if err != nil {
		return nil, err
	}
	s := &server{file: f, dir: dir, db: db}
	if s.Server, err = serverrun.New(ctx, f.Run, all.Defs(), db, certificates, log); err == nil {
		err = dir.Remember(f.Path)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// close ends a server within ctx, and then its database. The caller closes the folder.
func (s *server) close(ctx context.Context) error {
	return errors.Join(s.Stop(ctx), s.db.Close())
}

// openCerts reads the certificates, or the self-made one. It says whether that is the one.
func openCerts(f *config.File) (pairs []tls.Certificate, selfMade, askClients bool, err error) {
	pairs = f.Certificates
	if len(pairs) == 0 {
		selfMade = true
		one, err := certs.SelfMade(datadir.Path(f.Data).TLS(), f.Domains())
		if err != nil {
			return nil, true, false, err
		}
		pairs = append(pairs, one)
	}
	askClients = slices.ContainsFunc(f.Run.Realms, func(r serverrun.Realm) bool { return r.ClientCAs != nil })
	return pairs, selfMade, askClients, nil
}
