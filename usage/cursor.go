package usage

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxPage is the largest page that [Store.Events] returns.
const MaxPage = 1000

// Cursor says where a page of events ended. It can be kept as text and used
// again with the same query. The empty Cursor is the beginning.
type Cursor string

// place is what a cursor means: the last event of its page.
type place struct {
	at int64 // microseconds since 1970
	id int64
}

func cursorAt(e *Event) Cursor {
	return Cursor(strconv.FormatInt(e.At.UnixMicro(), 36) + "." + strconv.FormatInt(e.ID, 36))
}

// place reads the cursor; begin is true for the empty one.
func (c Cursor) place() (p place, begin bool, err error) {
	if c == "" {
		return place{}, true, nil
	}
	at, id, _ := strings.Cut(string(c), ".")
	if p.at, err = strconv.ParseInt(at, 36, 64); err == nil {
		p.id, err = strconv.ParseInt(id, 36, 64)
	}
	if err != nil || p.id < 0 {
		return place{}, false, fmt.Errorf("usage: no cursor of a page of events: %.50q", string(c))
	}
	return p, false, nil
}

// before reports whether e comes after p in the order of pages, the latest first.
func (p place) before(e *Event) bool {
	if at := e.At.UnixMicro(); at != p.at {
		return at < p.at
	}
	return e.ID < p.id
}

// page returns the first limit of the events, which are one more if there is
// another page, and where that begins.
func page(events []Event, limit int) ([]Event, Cursor) {
	if len(events) <= limit {
		return events, ""
	}
	return events[:limit], cursorAt(&events[limit-1])
}

func checkPage(limit int) error {
	if limit < 1 || limit > MaxPage {
		return fmt.Errorf("usage: a page of %d events: want 1 to %d", limit, MaxPage)
	}
	return nil
}

func microTime(us int64) time.Time { return time.UnixMicro(us).UTC() }
