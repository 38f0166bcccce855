package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/respond"
	"counterpoint/stream/ledger"
)

func verifyCommand() *cobra.Command {
	var at place
	var head, key string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no decision was changed, dropped, reordered or cut off",
		Long: `Read every decision and compare with a signed head: its size, and the root of a Merkle tree over the log as it
was. 'run' exports a head daily and at exit to DATA/heads; keep copies, and DATA/heads/key.txt, where the
machine's owner cannot write. Without --head the log is only checked for being consistent in itself.`,
		Example: "  counterpoint verify --head copies/20260301T180000Z-000000042.head --key copies/key.txt",
		Args:    argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			return verify(c.Context(), cfg, head, key, c.OutOrStdout())
		},
	}
	at.add(c)
	c.Flags().StringVar(&head, "head", "", "signed head to compare with")
	c.Flags().StringVar(&key, "key", "", "file of the verifier key; default key.txt beside the head, else in DATA/heads")
	return c
}

func verify(ctx context.Context, cfg config, head, key string, out io.Writer) error {
	var signed []byte
	var verifier string
	if head != "" {
		var err error
		if signed, err = os.ReadFile(head); err != nil {
			return fmt.Errorf("read the head: %w", err)
		}
		if verifier, err = readKey(cfg.Data, head, key); err != nil {
			return err
		}
	}
	log, err := cfg.readLog(ctx)
	if err != nil {
		return err
	}
	report, err := ledger.Verify(ctx, log, signed, verifier)
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	if !report.OK() {
		return errors.New("the decisions are not as they were")
	}
	return nil
}

// readKey reads the verifier key: the file named, the one beside the head, or that of the data folder. The last
// is no less safe: whoever puts another key there makes an honest head fail.
func readKey(data, head, key string) (string, error) {
	if key == "" {
		k, err := ledger.ReadKey(filepath.Dir(head))
		if errors.Is(err, counterpoint.ErrNotFound) {
			k, err = ledger.ReadKey(filepath.Join(data, ledger.Folder))
		}
		return k, err
	}
	b, err := os.ReadFile(key)
	if err != nil {
		return "", fmt.Errorf("read the verifier key: %w", err)
	}
	return string(b), nil
}

// exportHead signs the decisions as they are now.
func (l *line) exportHead(ctx context.Context) error {
	signer, err := ledger.OpenSigner(ctx, l.vault)
	if err != nil {
		return err
	}
	_, err = ledger.Export(ctx, l.stream, signer, l.cfg.path(ledger.Folder), time.Now())
	return err
}

// signHeads exports a signed head every day until ctx is done.
func (l *line) signHeads(ctx context.Context) error {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-day.C:
			err := waiter{l.log}.insist(ctx, "sign the head of the decisions log", func() error { return l.exportHead(ctx) })
			if err != nil && ctx.Err() == nil {
				l.log.Error("export the signed head of the decisions log", "error", err)
			}
		}
	}
}

// importPlayout proves airings by a station's playout log.
func (l *line) importPlayout(ctx context.Context, by counterpoint.Account, csv io.Reader, station, zone string) (any, error) {
	i := respond.Importer{Views: l.store, Decider: l.desk}
	return i.Import(ctx, by, csv, station, zone)
}
