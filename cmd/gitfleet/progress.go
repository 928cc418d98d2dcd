package main

import (
	"github.com/schollz/progressbar/v3"
)

// progress is a bar on standard error, if that is a terminal.
type progress struct{ bar *progressbar.ProgressBar }

func (t *tool) newProgress(most int) progress {
	if !t.progress || most == 0 {
		return progress{}
	}
	return progress{progressbar.NewOptions(most,
		progressbar.OptionSetWriter(t.err),
		progressbar.OptionShowCount(),
		progressbar.OptionSetDescription("targets"),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(true),
	)}
}

// step moves the bar by one. That it cannot be drawn fails nothing.
func (p progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

// clear removes the bar, so that what comes next has the line for itself.
func (p progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
