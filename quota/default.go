package quota

import "sync/atomic"

var process atomic.Pointer[Client]

// SetDefault makes c the client that [Default] returns; nil takes it away. The client
// before it is not closed.
func SetDefault(c *Client) { process.Store(c) }

// Default returns the client of the process, nil before [SetDefault].
func Default() *Client { return process.Load() }
