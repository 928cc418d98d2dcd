package usage

import "strings"

// Sparkline draws a timeline as one line of text: a block for each interval, as
// high as its count against the largest, and a dot where there was nothing.
func Sparkline(line []Group) string {
	const blocks = "▁▂▃▄▅▆▇█"
	levels := []rune(blocks)
	var top int64
	for _, g := range line {
		top = max(top, g.Count)
	}
	var b strings.Builder
	for _, g := range line {
		if g.Count == 0 {
			b.WriteRune('·')
			continue
		}
		b.WriteRune(levels[(g.Count*int64(len(levels))-1)/top])
	}
	return b.String()
}
