//go:build unix

package privatefile

import "testing"

func TestRead_believes_the_users_own_files_and_those_of_root(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		owner, user uint32
		want        bool
	}{
		{"one's own", 1000, 1000, false},
		{"root's", 0, 1000, false},
		{"another's", 1001, 1000, true},
		{"a user's, read by root", 1000, 0, false},
	} {
		if got := isOfAnother(tt.owner, tt.user); got != tt.want {
			t.Errorf("%s: isOfAnother() = %v, want %v", tt.name, got, tt.want)
		}
	}
}
