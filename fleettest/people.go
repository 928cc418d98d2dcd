package fleettest

import "fmt"

// person is who wrote a commit, an issue or a pull request.
type person struct {
	id          int64
	login, name string
	account     bool // the host knows whose account it is
}

func (p person) email() string { return p.login + "@example.com" }

// people write in all repositories.
var people = []person{
	{901, "ada", "Ada Byron", true},
	{902, "grace", "Grace Murray", true},
	{903, "edsger", "Edsger Wybe", false},
	{904, "barbara", "Barbara Jané", true},
}

// firstContributorID is above the ids of owners.
const firstContributorID = 2_000_000_000

// contributor is the ith of those who wrote main, from 0, who has written the
// most.
func contributor(i int) person {
	if i < len(people) {
		return people[i]
	}
	return person{firstContributorID + int64(i), fmt.Sprintf("contributor-%d", i+1), fmt.Sprintf("Contributor %d", i+1), i%4 != 2}
}

// authorOf is who wrote the nth commit of main, from 1, the oldest.
func (r *repository) authorOf(n int) person { return contributor((n - 1) % r.contributors()) }

// contributions is how many commits of main the ith contributor wrote.
func (r *repository) contributions(i int) int {
	all := r.contributors()
	return (r.commits() - i + all - 1) / all
}
