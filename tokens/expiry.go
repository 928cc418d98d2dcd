package tokens

import "time"

// expireIn has a new entry put aside when its token ends; zero means never.
func (e *entry) expireIn(end, now time.Time) {
	switch {
	case end.IsZero():
	case !now.Before(end):
		e.expired = true
	default:
		e.expiry = time.AfterFunc(end.Sub(now), e.expire)
	}
}

func (e *entry) stopExpiry() {
	if e.expiry != nil {
		e.expiry.Stop()
	}
}

func (e *entry) expire() {
	h := e.account.host
	h.mu.Lock()
	defer h.mu.Unlock()
	e.expired = true
	e.changed(time.Now())
}
