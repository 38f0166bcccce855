package kafka

import (
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint/stream"
)

// Remove deletes the topics that the URL names, with all that is in them: for a prefix that somebody made for a
// measurement or a test. What is not there is removed already.
func Remove(ctx context.Context, rawURL string) error {
	l, err := connect(rawURL, Options{})
	if err != nil {
		return err
	}
	req := &kafkago.DeleteTopicsRequest{}
	for _, t := range stream.Topics {
		req.Topics = append(req.Topics, l.cfg.topic(t.Name))
	}
	res, err := l.client.DeleteTopics(ctx, req)
	if err != nil {
		return errors.Join(fmt.Errorf("remove the stream %s: %w", l.cfg, l.explain(ctx, err)), l.Close())
	}
	var errs []error
	for topic, err := range res.Errors {
		if err != nil && !errors.Is(err, kafkago.UnknownTopicOrPartition) {
			errs = append(errs, fmt.Errorf("remove the topic %s: %w", topic, err))
		}
	}
	return errors.Join(append(errs, l.Close())...)
}
