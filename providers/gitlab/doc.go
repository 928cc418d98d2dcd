// Package gitlab knows go-gitlab and nothing else does. [NewClient] makes that
// library's client on top of a transport, set up so that it leaves limits,
// retries and credentials to the transport:
//
//	gl, err := gitlab.NewClient(fleet.Transport(tokens.GitLab), "")
//	project, _, err := gl.Projects.GetProject("acme/web", nil, gogitlab.WithContext(ctx))
//
// The client is go-gitlab's own, unmodified, at v0.115.0. What that library does
// by itself and what becomes of it:
//
//   - It paces its calls by the first RateLimit-Limit that it sees, which is
//     one token's, at two thirds of that, and has a data race there. It gets a
//     limiter that never waits.
//   - It sends a call again up to five times after a 429 or any 5xx, a POST too,
//     which may then take effect twice. It makes one attempt, and the transport
//     decides what may be sent again.
//   - It always sends PRIVATE-TOKEN, here an empty one, which the transport
//     replaces.
//   - It takes a context as an option of each call only; pass WithContext.
package gitlab
