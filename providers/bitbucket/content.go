package bitbucket

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// Content implements [providers.Driver]. A file comes as it is, one that is kept
// by LFS from another host. Its record takes another request, which is made for
// Query.Raw only.
func (d *driver) Content(ctx context.Context, n providers.Name, path string, q providers.Query) (providers.Content, error) {
	revision, err := d.revision(ctx, n, q.Ref)
	if err != nil {
		return providers.Content{}, err
	}
	if revision == "" {
		return providers.Content{}, &providers.Error{Kind: providers.ErrNotFound, Message: "the repository is empty"}
	}
	segments := append([]string{"src", revision}, strings.Split(path, "/")...)
	origin := d.within()
	if q.Raw {
		address, err := d.of(n, url.Values{"format": {"meta"}}, segments...)
		if err != nil {
			return providers.Content{}, err
		}
		if origin, err = one(ctx, d, q, address, func(o providers.Origin, _ *entry) providers.Origin { return o }); err != nil {
			return providers.Content{}, err
		}
	}
	address, err := d.of(n, nil, segments...)
	if err != nil {
		return providers.Content{}, err
	}
	data, err := d.file(ctx, address, path)
	if err != nil {
		return providers.Content{}, err
	}
	return providers.Content{Origin: origin, Path: path, SizeBytes: int64(len(data)), Data: data}, nil
}

// file reads a file to its end.
func (d *driver) file(ctx context.Context, address, path string) ([]byte, error) {
	resp, err := d.get(ctx, d.files, address, "*/*")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	providers.Bound(resp, providers.FileAnswers*d.most)
	data, err := io.ReadAll(resp.Body)
	if err == nil && isListing(resp, data) {
		err = invalid("%q is a directory; FetchTree lists it", path)
	}
	return data, err
}

// isListing reports whether an answer is a directory's. Files are attachments, so
// that one that looks like a listing is not taken for one.
func isListing(resp *http.Response, data []byte) bool {
	if isAttachment(resp.Header) || !isJSON(resp.Header) {
		return false
	}
	var page struct {
		Pagelen int `json:"pagelen"`
		Values  []struct {
			Type string `json:"type"`
		} `json:"values"`
	}
	if json.Unmarshal(data, &page) != nil || page.Pagelen == 0 || page.Values == nil {
		return false
	}
	for _, v := range page.Values {
		if !strings.HasPrefix(v.Type, "commit_") {
			return false
		}
	}
	return true
}

func isAttachment(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Disposition")), "attachment")
}
