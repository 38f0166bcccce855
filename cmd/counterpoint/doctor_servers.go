package main

import (
	"context"
	"errors"
	"sync"

	"counterpoint/index/elastic"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// servers is what doctor has found out about them. What builds on a faulty one is not looked at: it would only say
// the same again.
type servers struct{ no sync.Map }

const (
	theLog   = "log"
	theIndex = "index"
)

func (s *servers) checkStream(ctx context.Context, cfg config) (said []diagnosis) {
	s.no.Store(theLog, "the log cannot be read")
	found := kafka.Diagnose(ctx, cfg.Stream)
	if kafka.Unmade(found) {
		s.no.Store(theLog, "there is no log yet")
		return []diagnosis{{State: remark, What: "no topics of this prefix are there; the first 'counterpoint run' makes them", Remedy: "if there was one, mend the prefix, the path of the URL"}}
	}
	for _, f := range found {
		said = append(said, diagnosis{State: faulty, What: f.What, Remedy: f.Remedy})
	}
	if log, err := kafka.Open(ctx, cfg.Stream, kafka.Options{ReadOnly: true}); err == nil {
		s.no.Delete(theLog)
		_ = log.Close()
	} else if len(found) == 0 {
		said = faults(err)
	}
	return said
}

func (s *servers) checkIndex(ctx context.Context, cfg config) (said []diagnosis) {
	s.no.Store(theIndex, "the index has faults")
	for _, f := range elastic.Diagnose(ctx, cfg.Index) {
		said = append(said, diagnosis{State: faulty, What: f.What, Remedy: f.Remedy})
	}
	if len(said) == 0 {
		s.no.Delete(theIndex)
	}
	return said
}

// with opens the log for one check.
func (s *servers) with(ctx context.Context, cfg config, look func(stream.Log) error) []diagnosis {
	if why, no := s.no.Load(theLog); no {
		return []diagnosis{{State: skipped, What: why.(string)}}
	}
	if cfg.Stream == "" && emptyFolder(cfg.Data) {
		return nil
	}
	log, err := cfg.readLog(ctx)
	if err != nil {
		return faults(err)
	}
	return faults(errors.Join(look(log), log.Close()))
}

func (s *servers) checkLetters(ctx context.Context, cfg config) []diagnosis {
	return s.with(ctx, cfg, func(log stream.Log) error { return noLetters(ctx, log) })
}

func (s *servers) checkStanding(ctx context.Context, cfg config) []diagnosis {
	if why, no := s.no.Load(theIndex); no {
		return []diagnosis{{State: skipped, What: why.(string)}}
	}
	return s.with(ctx, cfg, func(log stream.Log) error {
		store, err := cfg.readStore(ctx)
		if err != nil {
			if any, e := anything(ctx, log); e != nil || !any {
				return e // an index of nothing need not be there
			}
			return err
		}
		return errors.Join(upToDate(ctx, log, store), store.Close())
	})
}

// anything reports whether the log has something for the index.
func anything(ctx context.Context, log stream.Log) (bool, error) {
	for _, topic := range indexed {
		ends, err := log.End(ctx, topic)
		if err != nil {
			return false, err
		}
		for _, end := range ends {
			if end > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}
