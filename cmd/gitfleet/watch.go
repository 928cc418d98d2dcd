package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// watchEvery is how often --watch draws, and askEvery how often it asks.
const (
	watchEvery = 2 * time.Second
	askEvery   = 30 * time.Second
)

// The terminal's own screen beside the one that keeps what was printed, and the
// cursor (xterm, "Control Sequences").
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	clearScreen = "\x1b[H\x1b[2J"
)

// watch draws the table again and again, until the context ends.
func (s *session) watch(ctx context.Context, filter tokens.Filter, o tokensOptions) error {
	out := s.tool.out
	fmt.Fprint(out, enterScreen)
	defer fmt.Fprint(out, leaveScreen)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var asked time.Time
	failure := ""
	for {
		if !o.offline && time.Since(asked) >= askEvery {
			failure = ""
			if err := s.Manager().Prime(ctx, filter); err != nil && ctx.Err() == nil {
				failure = "\n" + string(s.tool.hide.clean([]byte(line(err)))) + "\n"
			}
			asked = time.Now()
		}
		now := time.Now()
		_, err := fmt.Fprintf(out, "%s%s\n%s\n%s — Ctrl-C ends\n", clearScreen, tokenTable(s.rows(filter, nil), now, s.tool.colour, o.all),
			failure, now.Format(time.DateTime))
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
