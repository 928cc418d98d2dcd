package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/providers"
)

func (t *tool) repoCommand() *cobra.Command {
	var o output
	var q queryFlags
	cmd := &cobra.Command{
		Use: "repo REPOSITORY", Short: "Show a repository", GroupID: groupRead, Args: arguments(1, 1),
		Long: "Show a repository.\n\n" + targetHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			columns := []string{"full_name", "visibility", "language", "stars", "forks", "open_issues", "default_branch", "updated_at"}
			w, err := t.writer(o, columns, providers.Repository{})
			if err != nil {
				return err
			}
			s, err := t.open(cmd)
			if err != nil {
				return err
			}
			defer s.close()
			c, name, err := s.repository(args[0])
			if err != nil {
				return err
			}
			options, err := q.options(cmd)
			if err != nil {
				return err
			}
			r, err := c.FetchRepository(cmd.Context(), name, options...)
			if err != nil {
				return err
			}
			return writeOne(w, r)
		},
	}
	o.addTo(cmd)
	q.addTo(cmd, "raw")
	return cmd
}

func (t *tool) userCommand() *cobra.Command {
	var o output
	var q queryFlags
	cmd := &cobra.Command{
		Use: "user [LOGIN]", Short: "Show a user, or the one whose token is used", GroupID: groupRead, Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := t.writer(o, []string{"login", "name", "kind", "id", "created_at", "web_url"}, providers.User{})
			if err != nil {
				return err
			}
			s, err := t.open(cmd)
			if err != nil {
				return err
			}
			defer s.close()
			c, login, err := s.owner(append(args, "")[0])
			if err != nil {
				return err
			}
			options, err := q.options(cmd)
			if err != nil {
				return err
			}
			u, err := fetchUser(cmd, c, login, options)
			if err != nil {
				return err
			}
			return writeOne(w, u)
		},
	}
	o.addTo(cmd)
	q.addTo(cmd, "raw")
	return cmd
}

func fetchUser(cmd *cobra.Command, c *providers.Client, login string, options []providers.Option) (providers.User, error) {
	if login == "" {
		return c.FetchCurrentUser(cmd.Context(), options...)
	}
	return c.FetchUser(cmd.Context(), login, options...)
}

const contentsHelp = `Print a file of a repository as it is, or list a directory.

PATH is a file. Without it, with a slash at its end, or with --recursive it is a
directory, and what is in it is listed. With -o json a file is a record whose
data is in base64.

` + targetHelp

func (t *tool) contentsCommand() *cobra.Command {
	var o output
	var q queryFlags
	cmd := &cobra.Command{
		Use: "contents REPOSITORY [PATH]", Short: "Print a file of a repository, or list a directory", GroupID: groupRead,
		Long: contentsHelp, Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := append(args, "")[1]
			if path == "" || strings.HasSuffix(path, "/") || q.recursive {
				return t.tree(cmd, args[0], path, o, &q)
			}
			return t.file(cmd, args[0], path, o, &q)
		},
	}
	o.addTo(cmd)
	q.addTo(cmd, listFlags...)
	q.addTo(cmd, "ref", "recursive")
	return cmd
}

// tree lists a directory.
func (t *tool) tree(cmd *cobra.Command, target, path string, o output, q *queryFlags) error {
	w, err := t.writer(o, []string{"kind", "size_bytes", "sha", "path"}, providers.TreeEntry{})
	if err != nil {
		return err
	}
	options, err := q.options(cmd)
	if err != nil {
		return err
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	c, name, err := s.repository(target)
	if err != nil {
		return err
	}
	return writeAll(w, c.Tree(cmd.Context(), name, path, options...))
}

// file prints a file, or writes it as a record if a format is asked for.
func (t *tool) file(cmd *cobra.Command, target, path string, o output, q *queryFlags) error {
	asRecord := cmd.Flags().Changed("output") || cmd.Flags().Changed("fields")
	w, err := t.writer(o, []string{"path", "size_bytes", "sha"}, providers.Content{})
	if err != nil {
		return err
	}
	for _, n := range []string{"limit", "page-size", "concurrency"} {
		if cmd.Flags().Changed(n) {
			return usagef(cmd, "--%s means nothing to a file", n)
		}
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	c, name, err := s.repository(target)
	if err != nil {
		return err
	}
	single := *q
	single.concurrency = 0
	options, err := single.options(cmd)
	if err != nil {
		return err
	}
	content, err := c.FetchContent(cmd.Context(), name, path, options...)
	if err != nil {
		return err
	}
	if asRecord {
		return writeOne(w, content)
	}
	_, err = t.out.Write(content.Data)
	return err
}
