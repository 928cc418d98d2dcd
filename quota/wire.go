package quota

import (
	"encoding/json"
	"errors"
	"math"
)

// consumePath is where tokens are asked for, by LightRate's clients.
const consumePath = "/api/v1/tokens/consume"

// Headers of the protocol. LightRate's clients send the application in a header too;
// the key by which a repetition is known is an addition of this package, by the name
// that the IETF's draft "The Idempotency-Key HTTP Header Field" gives it.
const (
	applicationHeader = "X-Application-Id"
	onceHeader        = "Idempotency-Key"
)

// consumeRequest is the body of a request for tokens. LightRate's clients send null or
// nothing for what does not apply.
type consumeRequest struct {
	Application string  `json:"applicationId"`
	User        string  `json:"userIdentifier"`
	Tokens      int     `json:"tokensRequested"`
	ForDefault  *int    `json:"tokensRequestedForDefaultBucketMatch,omitempty"`
	Operation   *string `json:"operation,omitempty"`
	Path        *string `json:"path,omitempty"`
	Method      *string `json:"httpMethod,omitempty"`
}

// consumeAnswer is the body of the answer.
type consumeAnswer struct {
	Remaining int       `json:"tokensRemaining"`
	Consumed  *int      `json:"tokensConsumed"`
	Throttles int       `json:"throttles"`
	Rule      *ruleForm `json:"rule"`
}

// ruleForm is a rule in JSON. What does not apply is null, since in Ruby an empty
// text is true.
type ruleForm struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	RefillRate float64 `json:"refillRate"`
	BurstRate  float64 `json:"burstRate"`
	IsDefault  bool    `json:"isDefault"`
	Matcher    *string `json:"matcher"`
	HTTPMethod *string `json:"httpMethod"`
}

// problem is the body of a refusal: clients look for message, then for error.
type problem struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// optional returns nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// given returns the text, "" for nil.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// parseAnswer reads the body of a good answer.
func parseAnswer(body []byte) (Result, error) {
	var a consumeAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return Result{}, errors.New("the answer is not the JSON of a consumption")
	}
	if a.Consumed == nil || *a.Consumed < 0 || *a.Consumed > math.MaxInt32 {
		return Result{}, errors.New("the answer has no usable tokensConsumed")
	}
	result := Result{Remaining: max(a.Remaining, 0), Consumed: *a.Consumed, Throttles: a.Throttles}
	if a.Rule != nil {
		result.Rule = a.Rule.rule()
	}
	return result, nil
}

func (f *ruleForm) rule() Rule {
	return Rule{
		ID:         f.ID,
		Name:       f.Name,
		RefillRate: max(f.RefillRate, 0),
		BurstRate:  int(min(max(f.BurstRate, 0), math.MaxInt32)),
		IsDefault:  f.IsDefault,
		Matcher:    given(f.Matcher),
		HTTPMethod: given(f.HTTPMethod),
	}
}

func formOf(r Rule) *ruleForm {
	return &ruleForm{
		ID:         r.ID,
		Name:       r.Name,
		RefillRate: r.RefillRate,
		BurstRate:  float64(r.BurstRate),
		IsDefault:  r.IsDefault,
		Matcher:    optional(r.Matcher),
		HTTPMethod: optional(r.HTTPMethod),
	}
}
