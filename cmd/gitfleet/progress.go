package main

import (
	"github.com/schollz/progressbar/v3"

	"github.com/gitfleet/gitfleet/batch"
)

// progress is a bar on standard error, if that is a terminal.
type progress struct{ bar *progressbar.ProgressBar }

func (t *tool) newProgress() progress {
	if !t.progress {
		return progress{}
	}
	return progress{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(t.err),
		progressbar.OptionShowCount(),
		progressbar.OptionSetDescription("targets"),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(true),
	)}
}

// show moves the bar. That it cannot be drawn fails nothing.
func (p progress) show(now batch.Progress) {
	if p.bar == nil || now.Total == 0 {
		return
	}
	if p.bar.GetMax() != now.Total {
		p.bar.ChangeMax(now.Total)
	}
	_ = p.bar.Set(now.Succeeded + now.Failed)
}

// clear removes the bar, so that what comes next has the line for itself.
func (p progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
