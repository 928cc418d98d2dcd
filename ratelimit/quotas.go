package ratelimit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Quota is what GitHub's GET /rate_limit tells of one resource.
type Quota struct {
	Limit, Remaining, Used Optional[int64]
	Reset                  time.Time // by the host's clock; zero means unknown
}

// ReadQuotas reads the body of GitHub's GET /rate_limit: every resource that it
// names, in lower case (GitHub Docs, "REST API endpoints for rate limits"). A
// number that is missing, negative or no number is unknown. A resource that
// nothing has been drawn from shows the limit as remaining, and a reset that
// moves on with every answer.
func ReadQuotas(body []byte) (map[string]Quota, error) {
	var doc struct {
		Resources map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("gitfleet: reading rate limits: %w", err)
	}
	if doc.Resources == nil {
		return nil, errors.New(`gitfleet: reading rate limits: the answer has no "resources"`)
	}
	quotas := make(map[string]Quota, len(doc.Resources))
	for name, r := range doc.Resources {
		q := Quota{Limit: count(r["limit"]), Remaining: count(r["remaining"]), Used: count(r["used"])}
		if at, ok := digits(string(r["reset"])); ok && at >= leastEpoch && at <= mostEpoch {
			q.Reset = time.Unix(at, 0).UTC()
		}
		quotas[strings.ToLower(name)] = q
	}
	return quotas, nil
}

func count(raw json.RawMessage) Optional[int64] {
	if v, ok := digits(string(raw)); ok {
		return Known(v)
	}
	return Optional[int64]{}
}
