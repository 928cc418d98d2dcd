package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// assetStorage is where release assets are kept. It takes its requests by a
// signature in the URL, and no token.
const assetStorage = "https://release-assets.githubusercontent.com"

// asset answers GET /repos/{owner}/{repo}/releases/assets/{id}: a description,
// or, if the client accepts octets, the way to the storage host. There is an
// asset for every id.
func (g *GitHub) asset(c *call, r *repository) *answer {
	id := c.lastSegment()
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return notFound(g, c)
	}
	if !strings.Contains(c.r.Header.Get("Accept"), "application/octet-stream") {
		return newJSON(http.StatusOK, assetJSON(c, r, id, "asset-"+id, len(assetBody(r.id, id))))
	}
	a := newAnswer(http.StatusFound)
	a.header.Set("Content-Type", "text/html;charset=utf-8")
	a.header.Set("Location", fmt.Sprintf("%s/github-production-release-asset/%d/%s?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=300&X-Amz-Signature=%064x", assetStorage, r.id, id, r.id))
	return a
}

// uploadAsset answers POST /repos/{owner}/{repo}/releases/{id}/assets at
// uploads.github.com.
func (g *GitHub) uploadAsset(c *call, r *repository) *answer {
	if c.account.anonymous() {
		return requiresAuthentication(g, c)
	}
	return newJSON(http.StatusCreated, assetJSON(c, r, "1", c.query.Get("name"), len(c.body)))
}

// assetJSON shows an asset.
func assetJSON(c *call, r *repository, id, name string, size int) any {
	url := "https://github.com/" + r.fullName() + "/releases/download/v1/" + name
	return map[string]any{
		"url": fmt.Sprintf("%s/repos/%s/releases/assets/%s", c.base, r.fullName(), id),
		"id":  json.Number(id), "name": name, "size": size, "state": "uploaded",
		"content_type": "application/octet-stream", "browser_download_url": url,
	}
}

// assetBody is what the storage host has for an asset.
func assetBody(repository int64, id string) string {
	return fmt.Sprintf("asset %s of repository %d\n", id, repository)
}

// answerElsewhere answers as the storage host, and as the plain-http side of
// the API, which leads to https. No other name exists.
func (g *GitHub) answerElsewhere(c *call) (*answer, error) {
	if c.base != assetStorage {
		return g.toHTTPS(c)
	}
	parts := strings.Split(c.path, "/")
	if len(parts) != 4 {
		return fromStorage(c, nil), nil
	}
	id, _ := strconv.ParseInt(parts[2], 10, 64)
	return fromStorage(c, []byte(assetBody(id, parts[3]))), nil
}
