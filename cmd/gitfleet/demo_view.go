package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/gitfleet/gitfleet/tokens"
)

// The colours of the terminal, as ECMA-48 writes them.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	dim    = "2"
	bold   = "1"
)

// demoView prints what the demo does: plain lines, or on a terminal the same in
// colour above a line that shows how far it is.
type demoView struct {
	out      io.Writer
	terminal bool
	start    time.Time
	got      int
	pending  *countdown
}

func newDemoView(out io.Writer, plain bool) *demoView {
	return &demoView{out: out, terminal: !plain && isTerminal(out), start: time.Now()}
}

// isTerminal reports whether out shows colours. NO_COLOR and TERM=dumb are the
// customary ways to say that it does not; the old console of Windows is another.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" &&
		(runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "")
}

func (v *demoView) intro() {
	v.start = time.Now()
	fmt.Fprintf(v.out, `%s

A simulated GitHub has an organization, %q, of %d repositories: %d pages of
%d. Three tokens may read it, each good for %d calls in %v, which is too few.
One of them will be revoked, and another program will spend the calls of
another. The client is go-github v66 as it is published.

`, v.paint(bold, "GitFleet demo: no network, no token"),
		demoOrganization, demoRepositories, demoRepositories/demoPerPage, demoPerPage, demoLimit, demoWindow)
}

// page says which token served a page.
func (v *demoView) page(page, label, left string) {
	v.line("page %2s of %d  served by %s  %s", page, demoRepositories/demoPerPage,
		v.paint(green, fmt.Sprintf("%-5s", label)), v.paint(dim, left))
}

// event says what went wrong and what came of it.
func (v *demoView) event(colour, format string, args ...any) {
	v.line("%s", v.paint(colour, "  → "+fmt.Sprintf(format, args...)))
}

// waiting says that no token has calls left.
func (v *demoView) waiting(until time.Time) {
	wait := time.Until(until)
	v.line("%s", v.paint(blue, fmt.Sprintf("  … every token is spent: waiting %.1f s for the first reset", wait.Seconds())))
	if v.terminal {
		v.pending = startCountdown(v, until)
	}
}

// progress moves the last line on.
func (v *demoView) progress(got int) {
	v.got = got
	v.status("")
}

// line prints a line with the time since the start.
func (v *demoView) line(format string, args ...any) {
	if v.pending != nil {
		v.pending.stop()
		v.pending = nil
	}
	v.clear()
	fmt.Fprintf(v.out, "%6.2fs  %s\n", time.Since(v.start).Seconds(), fmt.Sprintf(format, args...))
	v.status("")
}

const barWidth = 40

// status draws the last line of a terminal.
func (v *demoView) status(note string) {
	if !v.terminal {
		return
	}
	done := v.got * barWidth / demoRepositories
	fmt.Fprintf(v.out, "\r\x1b[K        %s%s %4d of %d repositories %s",
		v.paint(green, strings.Repeat("█", done)), v.paint(dim, strings.Repeat("░", barWidth-done)), v.got, demoRepositories, note)
}

func (v *demoView) clear() {
	if v.terminal {
		fmt.Fprint(v.out, "\r\x1b[K")
	}
}

// report prints what came of it: the repositories, the requests, the tokens.
func (v *demoView) report(d *demo, took time.Duration) {
	if v.pending != nil {
		v.pending.stop()
		v.pending = nil
	}
	v.clear()
	fmt.Fprintln(v.out)
	table := tabwriter.NewWriter(v.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tCALLS\tSTATE")
	for _, t := range d.fleet.Manager().AllTokens(tokens.GitHub) {
		fmt.Fprintf(table, "%s\t%d\t%s\n", t.Label, d.calls[t.Label], t.Status)
	}
	_ = table.Flush()
	stats := d.sim.Stats()
	fmt.Fprintf(v.out, "\nThe host saw %d requests, %d of the job and %d to confirm that a token is dead.\n",
		stats.Requests, d.sent(), stats.Requests-d.sent())
	fmt.Fprintf(v.out, "It refused %d for a limit and %d for their token.\n",
		stats.RefusedPrimary+stats.RefusedSecondary, stats.Unauthorized)
	colour, times := green, "each once"
	if n := d.repeated(); n > 0 {
		times = fmt.Sprintf("%d of them more than once", n)
	}
	if len(d.seen) != demoRepositories || d.repeated() > 0 {
		colour = red
	}
	fmt.Fprintln(v.out, v.paint(colour, fmt.Sprintf("%d of %d repositories, %s, in %.1f s",
		len(d.seen), demoRepositories, times, took.Seconds())))
}

func (v *demoView) paint(code, text string) string {
	if !v.terminal || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// countdown shows on a terminal how long a wait still takes.
type countdown struct {
	quit, done chan struct{}
}

func startCountdown(v *demoView, until time.Time) *countdown {
	c := &countdown{make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(c.done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			v.status(v.paint(blue, fmt.Sprintf(" %.1f s", max(0, time.Until(until).Seconds()))))
			select {
			case <-tick.C:
			case <-c.quit:
				return
			}
		}
	}()
	return c
}

// stop ends the countdown and returns when it writes no more.
func (c *countdown) stop() {
	close(c.quit)
	<-c.done
}
