package github

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Content returns a file. GitHub follows a symbolic link to a file; of one that
// leads elsewhere the data is where it leads, as in Git.
func (d *driver) Content(ctx context.Context, n providers.Name, path string, q providers.Query) (providers.Content, error) {
	address := withQuery(repo(n, "contents")+"/"+escapePath(path), url.Values{"ref": {q.Ref}})
	resp, err := d.get(ctx, address)
	if err != nil {
		return providers.Content{}, err
	}
	var raw json.RawMessage
	if err := decode(resp, &raw); err != nil {
		return providers.Content{}, err
	}
	c, err := readContent(resp.StatusCode, path, raw)
	if err != nil {
		return providers.Content{}, err
	}
	o := providers.NewOrigin(d.info, c)
	if q.Raw {
		o.Raw = raw
	}
	m := providers.Content{Origin: o, Path: path, SHA: c.GetSHA(), SizeBytes: int64(c.GetSize()), WebURL: c.GetHTMLURL()}
	m.Data, err = d.data(ctx, c, address)
	m.SizeBytes = int64(len(m.Data))
	return m, err
}

// escapePath escapes each segment of a path.
func escapePath(path string) string { return join(strings.Split(path, "/")...) }

// readContent reads what the host says of a path: a list says that it is a
// directory.
func readContent(status int, path string, raw json.RawMessage) (*github.RepositoryContent, error) {
	var entries []struct {
		Path string `json:"path"`
	}
	if raw == nil {
		return nil, providers.Malformed(status, errors.New("the answer is empty"))
	}
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &entries); err != nil {
			return nil, providers.Malformed(status, err)
		}
		return nil, missing(fmt.Sprintf("%q is a directory: FetchTree lists it", path))
	}
	var c *github.RepositoryContent
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, providers.Malformed(status, err)
	}
	switch c.GetType() {
	case "file", "symlink":
		return c, nil
	case "submodule":
		return nil, missing(fmt.Sprintf("%q is a submodule", path))
	}
	return nil, providers.Malformed(status, errors.New("the answer is no file"))
}

// data returns all of a file. One of more than 1 MiB comes with its name only,
// and as it is if that is asked for, up to 100 MB; beyond that GitHub refuses
// (GitHub Docs, "Get repository content").
func (d *driver) data(ctx context.Context, c *github.RepositoryContent, address string) ([]byte, error) {
	switch {
	case c.GetType() == "symlink":
		return []byte(c.GetTarget()), nil
	case c.GetEncoding() == "base64" && (c.GetSize() == 0 || c.Content != nil && *c.Content != ""):
		var text string
		if c.Content != nil {
			text = *c.Content
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, providers.Malformed(http.StatusOK, err)
		}
		return data, nil
	}
	req, err := d.lib.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", rawMediaType)
	resp, err := d.send(ctx, req, providers.FileAnswers*d.most)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && len(data) != c.GetSize() {
		err = providers.Malformed(resp.StatusCode, fmt.Errorf("%d bytes came of a file of %d", len(data), c.GetSize()))
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
