package main

import (
	"context"
	"errors"
	"io"
)

// own is the configuration of a line for one command, where no process of the data folder can do it. With the
// log in the folder it does everything. With the log on servers the processes there carry things on; only an
// index in the folder is nobody else's.
func (c config) own(role string) config {
	switch {
	case c.Stream == "":
		c.Roles = nil
	case c.Index == "":
		c.Roles = []string{role, roleIndex}
	default:
		c.Roles, c.beside = []string{role}, true
	}
	return c
}

// ownLine is a line in motion for one command.
func ownLine(ctx context.Context, cfg config, errs io.Writer, role string) (*line, func() error, error) {
	return movingLine(ctx, cfg.own(role), errs)
}

// movingLine is a line that carries what comes, until the function it gives is called.
func movingLine(ctx context.Context, cfg config, errs io.Writer) (*line, func() error, error) {
	l, err := openLine(ctx, cfg, newLogger(cfg, errs))
	if err != nil {
		return nil, nil, err
	}
	moving, cancel := context.WithCancel(ctx)
	wait, err := l.start(moving)
	if err != nil {
		cancel()
		return nil, nil, errors.Join(err, l.close())
	}
	return l, func() error {
		cancel()
		return errors.Join(wait(), l.close())
	}, nil
}

// settleOwn is settle for what a command's own line carries; what processes elsewhere carry is not waited for.
func (l *line) settleOwn(ctx context.Context) error {
	if !l.cfg.does(roleIndex) {
		return nil
	}
	return l.settle(ctx)
}
