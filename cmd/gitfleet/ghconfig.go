package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"
	"go.yaml.in/yaml/v3"

	"github.com/gitfleet/gitfleet/internal/privatefile"
	"github.com/gitfleet/gitfleet/tokens"
)

// ghTokens returns the tokens of GitHub's own command line: those in its
// hosts.yml, or in the keychain as the item "gh:HOST" (GitHub CLI manual, "gh
// auth login").
func ghTokens() ([]tokens.Token, error) {
	dir := os.Getenv("GH_CONFIG_DIR")
	if dir == "" {
		dir = filepath.Join(configHome(), "gh")
	}
	hosts, err := otherConfig(filepath.Join(dir, "hosts.yml"))
	if err != nil {
		return nil, fmt.Errorf("gh: %w", err)
	}
	var all []tokens.Token
	for _, host := range pairs(hosts) {
		secret := valueOf(host.value, "oauth_token")
		if secret == "" {
			if secret, err = keyring.Get("gh:"+host.key, ""); err != nil {
				secret, err = keyring.Get("gh:"+host.key, valueOf(host.value, "user"))
			}
			if err != nil {
				return nil, fmt.Errorf("gh: it has no token for %s in its configuration, and the keychain: %w", quoted(host.key), err)
			}
		}
		all = append(all, tokens.Token{
			Provider: tokens.GitHub, Host: host.key, Label: label("gh", valueOf(host.value, "user")),
			Secret: tokens.Static(secret),
		})
	}
	return all, nil
}

// glabTokens returns the tokens of GitLab's own command line (GitLab docs, "GitLab
// CLI"; its config.yml has the hosts below "hosts").
func glabTokens() ([]tokens.Token, error) {
	dir := os.Getenv("GLAB_CONFIG_DIR")
	if dir == "" {
		dir = filepath.Join(configHome(), "glab-cli")
	}
	config, err := otherConfig(filepath.Join(dir, "config.yml"))
	if err != nil {
		return nil, fmt.Errorf("glab: %w", err)
	}
	var all []tokens.Token
	for _, top := range pairs(config) {
		if top.key != "hosts" {
			continue
		}
		for _, host := range pairs(top.value) {
			secret := valueOf(host.value, "token")
			if secret == "" {
				continue // signed out
			}
			address := host.key
			if api := valueOf(host.value, "api_host"); api != "" {
				address = api
			}
			if valueOf(host.value, "api_protocol") == "http" {
				address = "http://" + address
			}
			all = append(all, tokens.Token{
				Provider: tokens.GitLab, Host: address, Label: label("glab", valueOf(host.value, "user")),
				Secret: tokens.Static(secret),
			})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("glab: it has no token in its configuration")
	}
	return all, nil
}

func label(from, user string) string {
	if user == "" {
		return ""
	}
	return from + "-" + user
}

// otherConfig reads another program's YAML. Its errors do not quote it. The file
// may be a link, since it is not ours to say where that program keeps it.
func otherConfig(path string) (*yaml.Node, error) {
	at, err := filepath.EvalSymlinks(path)
	var text []byte
	if err == nil {
		text, _, err = privatefile.Read(at, maxConfig)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s", path)
	}
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, syntax(err))
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return document.Content[0], nil
}

type pair struct {
	key   string
	value *yaml.Node
}

// pairs returns what a mapping has, in its order.
func pairs(n *yaml.Node) []pair {
	var all []pair
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, pair{n.Content[i].Value, n.Content[i+1]})
		}
	}
	return all
}

// valueOf returns a text of a mapping, whatever its tag: glab has written
// "!!null" before tokens.
func valueOf(n *yaml.Node, key string) string {
	for _, p := range pairs(n) {
		if p.key == key && p.value.Kind == yaml.ScalarNode && p.value.Value != "null" && p.value.Value != "~" {
			return p.value.Value
		}
	}
	return ""
}
