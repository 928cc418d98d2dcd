package tokens

import "fmt"

// Floor is the part of a budget that is not used. While nothing is known of a
// budget, the calls that find out (five at most) are made all the same.
type Floor struct {
	// Calls are left of the host's main budget, such as GitHub's "core".
	Calls int64

	// Percent is left of every budget: 0 to 100 of its limit.
	Percent int
}

func (f Floor) check() error {
	if f.Calls < 0 || f.Percent < 0 || f.Percent > 100 {
		return fmt.Errorf("floor of %d calls and %d per cent: want 0 or more calls and 0 to 100 per cent", f.Calls, f.Percent)
	}
	return nil
}

// of returns how many calls of a budget the floor is.
func (f Floor) of(limit int64, main bool) int64 {
	floor := limit / 100 * int64(f.Percent)
	if limit < 1<<53 {
		floor = limit * int64(f.Percent) / 100
	}
	if main {
		floor = max(floor, f.Calls)
	}
	return floor
}

// refloor works out anew how much of each budget is not to be used, after the
// account's tokens have changed.
func (a *account) refloor() {
	for _, b := range a.budgets {
		b.refloor()
	}
}

// refloor works out how much of the budget is not to be used; relimit does after its
// limit has changed.
func (b *budget) refloor() {
	b.floor = 0
	limit := b.limit.Or(0)
	for f := range b.account.floors {
		b.floor = max(b.floor, f.of(limit, b.resource == b.account.host.main))
	}
}
