package fleettest

import (
	"bytes"
	"slices"
	"strconv"
)

// page is a part of a list.
type page struct {
	number, size int // number from 1
	total        int
}

// readPage reads which page of total things is asked for: its number from the
// parameter page and its size from sizeParam. What cannot be read is as if it
// were not there.
func readPage(c *call, sizeParam string, standard, most, total int) page {
	p := page{number: 1, size: standard, total: total}
	if n, err := strconv.Atoi(c.query.Get(sizeParam)); err == nil && n > 0 {
		p.size = min(n, most)
	}
	if n, err := strconv.Atoi(c.query.Get("page")); err == nil && n > 0 {
		p.number = n
	}
	return p
}

// bounds returns the first index of the page and the one after its last.
func (p page) bounds() (from, to int) {
	if p.number > p.last() {
		return p.total, p.total
	}
	from = (p.number - 1) * p.size
	return from, min(from+p.size, p.total)
}

// last is the number of the last page.
func (p page) last() int { return max(1, (p.total+p.size-1)/p.size) }

// items shows what is on the page; item shows the ith of all.
func (p page) items(item func(i int) any) jsonList {
	from, to := p.bounds()
	list := make(jsonList, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, marshal(item(i)))
	}
	return list
}

// jsonList is a list of things that are JSON already.
type jsonList [][]byte

func (l jsonList) render() []byte {
	return slices.Concat([]byte("["), bytes.Join(l, []byte(",")), []byte("]"))
}
