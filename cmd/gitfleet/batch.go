package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// batchOptions are the flags of the command.
type batchOptions struct {
	op, out, resume string
	targets         int // at once
	query           queryFlags
}

const batchHelp = `Read what many targets have: one a line in FILE, or on standard input. What
follows a # is a comment; a target that stands there twice is asked once. Written
is a line of JSON for each target: {"target":…,"ok":true,"items":[…]}, or with
"ok":false and "error".

With -O it can be stopped at any time, also by kill -9: the same command again
goes on where it was. Nothing that is done is asked again, and nothing is lost or
doubled in the file. Targets that failed are tried again. What is done is kept in
the file's name with .resume, or in --resume; remove both to start from scratch.
While a batch runs no other one can use its files.
With --resume and standard output, a target whose line was written just before a
kill -9 may come twice.`

func (t *tool) batchCommand() *cobra.Command {
	var o batchOptions
	cmd := &cobra.Command{
		Use: "batch [FILE]", Short: "Read what many owners or repositories have, resumable", GroupID: groupRead, Long: batchHelp, Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.batch(cmd, append(args, "-")[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.op, "op", "repos", "what to read: "+strings.Join(batchOps(), ", "))
	f.StringVarP(&o.out, "output-file", "O", "", "`file` to write to and to go on with")
	f.StringVar(&o.resume, "resume", "", "`file` that keeps what is done (default: that of -O with .resume)")
	f.IntVar(&o.targets, "targets", 4, "how many targets to read at once")
	o.query.addTo(cmd, listFlags...)
	o.query.addTo(cmd, "state", "sort", "since", "until", "ref", "path", "author", "recursive")
	complete(cmd, "op", batchOps()...)
	return cmd
}

// batchOps are the commands that list.
func batchOps() []string {
	var ops []string
	for _, l := range listings {
		ops = append(ops, l.name())
	}
	return ops
}

func (l listing) name() string {
	name, _, _ := strings.Cut(l.use, " ")
	return name
}

func (t *tool) batch(cmd *cobra.Command, file string, o batchOptions) error {
	l, err := o.listing(cmd)
	if err != nil {
		return err
	}
	options, err := o.query.options(cmd)
	if err != nil {
		return err
	}
	if o.targets < 1 {
		return usagef(cmd, "--targets is %d: want 1 or more", o.targets)
	}
	targets, err := t.targets(file)
	if err != nil {
		return err
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	j := &job{session: s, listing: l, options: options, hide: t.hide}
	if err := j.resolve(targets); err != nil {
		return err
	}
	if j.journal, err = openJournal(t.out, o.out, o.resume, o.signature(cmd)); err != nil {
		return &usageError{err: err}
	}
	defer j.journal.close()
	j.progress = t.newProgress()
	return j.run(cmd.Context(), o.targets)
}

// listing returns the command that --op names. A flag that means nothing to it
// is a fault.
func (o batchOptions) listing(cmd *cobra.Command) (listing, error) {
	at := slices.Index(batchOps(), o.op)
	if at < 0 {
		return listing{}, usagef(cmd, "--op is %s: want one of %s", quoted(o.op), strings.Join(batchOps(), ", "))
	}
	l := listings[at]
	for _, n := range []string{"state", "sort", "since", "until", "ref", "path", "author", "recursive"} {
		if cmd.Flags().Changed(n) && !slices.Contains(l.flags, n) {
			return listing{}, usagef(cmd, "--%s means nothing to --op %s", n, o.op)
		}
	}
	return l, nil
}

// signature is what must be the same when a batch goes on.
func (o batchOptions) signature(cmd *cobra.Command) string {
	parts := []string{"op=" + o.op}
	for _, n := range []string{"limit", "raw", "state", "sort", "since", "until", "ref", "path", "author", "recursive"} {
		if f := cmd.Flags().Lookup(n); f.Changed {
			parts = append(parts, n+"="+f.Value.String())
		}
	}
	if o.out != "" { // notes of one output say nothing about another
		parts = append(parts, "output-file="+filepath.Base(o.out))
	}
	return strings.Join(parts, " ")
}

// targets reads the lines of a file.
func (t *tool) targets(name string) ([]string, error) {
	in := t.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &usageError{err: err}
		}
		defer f.Close()
		in = f
	}
	var all []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		text := strings.TrimPrefix(lines.Text(), "\ufeff")
		if at := strings.Index(text, "#"); at == 0 || at > 0 && (text[at-1] == ' ' || text[at-1] == '\t') {
			text = text[:at]
		}
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		return nil, &usageError{err: fmt.Errorf("targets: %w", err)}
	}
	return all, nil
}
