package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/transport/diskcache"
)

// kept is the answers that are kept in a folder between runs.
type kept struct {
	*transport.Cache
	folder string
}

// openKept returns the answers in the folder that was asked for, nil if none was.
func (t *tool) openKept(cmd *cobra.Command, c *configuration) (*kept, error) {
	folder := cmp.Or(t.flags.cache, c.cache)
	switch {
	case t.flags.cache != "" && t.flags.noState && cmd.Flags().Changed("no-state"):
		return nil, usagef(cmd, "--cache and --no-state cannot go together")
	case folder == "" || t.flags.cache == "" && t.flags.noState:
		return nil, nil
	}
	store, err := diskcache.Open(folder, 0)
	if err != nil {
		return nil, &usageError{err: err}
	}
	return &kept{&transport.Cache{Store: store}, folder}, nil
}

// cache returns the Cache of a fleet, nil for none.
func (k *kept) cache() *transport.Cache {
	if k == nil {
		return nil
	}
	return k.Cache
}

// close returns that the folder could not be used. No run fails for that.
func (k *kept) close() error {
	if k == nil || k.Stats().Errors == 0 {
		return nil
	}
	return fmt.Errorf("cache: %s failed %d times: -v tells of the first", k.folder, k.Stats().Errors)
}
