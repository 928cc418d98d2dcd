// Poolpacing paces calls by a name, without keys: two calls a second of each
// service, and once more after a limit, a second after it is over.
//
//	go run ./examples/poolpacing
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/gitfleet/gitfleet/pool"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// busy is an error that says when to come back.
type busy struct{ until time.Time }

func (busy) Error() string        { return "busy" }
func (b busy) RetryAt() time.Time { return b.until }

func run(ctx context.Context, stdout io.Writer) error {
	l, err := pool.NewLimiter(2, time.Second)
	if err != nil {
		return err
	}
	start := time.Now()
	say := func(what string) { fmt.Fprintln(stdout, time.Since(start).Round(time.Second), what) }
	for range 4 {
		if err := l.Wait(ctx, "maps"); err != nil {
			return err
		}
		say("maps")
	}
	if l.Allow("mail") { // another name does not wait
		say("mail")
	}
	l.Reset("maps")

	calls := 0
	paced := pool.Paced(l, "maps", 3, func(context.Context) (string, error) {
		if calls++; calls == 1 {
			return "", busy{time.Now().Add(time.Second)}
		}
		return "maps again", nil
	})
	what, err := paced(ctx)
	say(what)
	return err
}
