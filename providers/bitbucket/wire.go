package bitbucket

import "time"

// links of a record, those that are read.
type links struct {
	HTML   link   `json:"html"`
	Avatar link   `json:"avatar"`
	Clone  []link `json:"clone"`
}

// link is one link. Only those to clone from have a name.
type link struct {
	Href string `json:"href"`
	Name string `json:"name"`
}

// stamp is a time. Bitbucket spells it with and without a fraction, and UTC as Z
// and as +00:00; where there is none it says null or nothing.
type stamp struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *stamp) UnmarshalJSON(text []byte) error {
	if string(text) == "null" || string(text) == `""` {
		return nil
	}
	var t time.Time
	if err := t.UnmarshalJSON(text); err != nil {
		return err
	}
	s.Time = t.UTC()
	return nil
}
