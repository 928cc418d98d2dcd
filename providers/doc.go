// Package providers has portable clients for Git hosts: one [Client] type with
// the same methods and models for GitHub, GitLab and Bitbucket.
//
//	gh, err := github.New(providers.Config{Manager: m})       // package providers/github
//	repos, err := gh.FetchRepositories(ctx, "octocat")        // all of them, or an error
//	for pr, err := range gh.PullRequests(ctx, "acme/web") { … } // page by page
//
// # Lists
//
// Each list has two methods. Fetch… returns all of it as a slice. The other is
// an iterator that asks for a page when it is needed; a loop that ends early
// asks for no more. Both return every item once, in the host's order: an item
// that moves to a later page while the walk runs is not returned again. If page
// n fails, what was read before comes back together with an [*Error] that names
// the page, so that nothing is cut off in silence.
//
// Fetch… asks for several pages at once where the host says how many there are;
// [Concurrency] changes that. A walk stays with the token's account that it
// began with as long as that one can serve.
//
// # Models
//
// The models say what every host can say, in the same units. What a host does
// not tell is nil, or empty, and never a made-up zero. Each knows the provider
// and the host it came from, and [Origin.As] reaches the record of the library
// below. What a host does not have at all, such as releases at Bitbucket, is
// [ErrUnsupported], without a request; [Client.Supports] tells beforehand.
//
// # Errors
//
// Every error of a Client is an [*Error]. What went wrong is one of the
// sentinels, for [errors.Is]; the library's own error is below it, for
// [errors.As]:
//
//	if errors.Is(err, providers.ErrNotFound) { … }
//
// # Drivers
//
// A [Driver] is what a host's package implements: a dozen methods that return a
// page. Package providers/providertest has the suite that every driver passes.
package providers
