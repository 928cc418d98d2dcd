// Package providertest has the tests that every driver passes.
//
// Who writes a driver for another host writes one function that puts the driver
// on top of a simulated host, and runs the suite with it:
//
//	func TestDriver(t *testing.T) {
//		providertest.Run(t, func(t testing.TB, o providertest.Options) providertest.Harness {
//			sim := fleettest.NewGitHub(fleettest.Config{
//				Tokens:        []string{token},
//				Organizations: []fleettest.Owner{{Login: "acme", Repositories: o.Repositories}},
//			})
//			m, err := tokens.NewManager(tokens.Config{Base: sim}, tokens.Token{…})
//			…
//			c, err := github.New(providers.Config{Manager: m, Base: o.Wrap(sim)})
//			…
//			return providertest.Harness{Client: c, Owner: "acme", Repository: "acme/repo-0001", …}
//		})
//	}
//
// The function is called once for each test, inside a bubble of package
// testing/synctest. What it makes must therefore answer in memory, as the hosts
// of package fleettest do as RoundTrippers; a socket would stop the clock.
//
// The suite says nothing of how records are mapped: a driver has tests of its
// own for that. It checks what all hosts have in common. Lists end, in order,
// with every item once, and a loop that ends early asks for nothing more. Every
// method ends with its context at the same instant, whether it waits for an
// answer or for a token. A failure has its kind, whatever the method, and comes
// with what was read before. What is not the documented answer is an error and
// never an empty result. Names stay in their place in the URL. No credential
// goes to another host. What the host does not have sends nothing.
package providertest
