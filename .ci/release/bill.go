package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// linked is what a program is made of, as the linker wrote it into it.
type linked struct {
	main    debug.Module
	modules []*debug.Module // in the order of their paths
	goes    string          // the version of Go, without "go"
	sum     [sha256.Size]byte
}

func linkedInto(program string) (linked, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return linked{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(text))
	if err != nil {
		return linked{}, err
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return linked{}, fmt.Errorf("%s is replaced by %s: a release has none such", m.Path, m.Replace.Path)
		}
	}
	return linked{info.Main, info.Deps, strings.TrimPrefix(info.GoVersion, "go"), sha256.Sum256(text)}, nil
}

// writeBill writes the bill of materials of a program in CycloneDX's form: the
// modules that are linked into it, of all that go.mod names, with their checksums
// as go.sum has them, and the standard library. Nothing in it is of this run.
func writeBill(path string, l linked, s source) error {
	bom := cdx.NewBOM()
	bom.SerialNumber = serialNumber(l.sum)
	program := component(cdx.ComponentTypeApplication, l.main.Path, "v"+s.version)
	program.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: fmt.Sprintf("%x", l.sum)}}
	program.Properties = &[]cdx.Property{{Name: "vcs.revision", Value: s.commit}}
	bom.Metadata = &cdx.Metadata{Timestamp: s.time.Format(time.RFC3339), Component: &program}
	parts := []cdx.Component{component(cdx.ComponentTypeLibrary, "std", l.goes)}
	for _, m := range l.modules {
		part := component(cdx.ComponentTypeLibrary, m.Path, m.Version)
		part.Properties = &[]cdx.Property{{Name: "go.sum", Value: m.Sum}}
		parts = append(parts, part)
	}
	var refs []string
	for _, part := range parts {
		refs = append(refs, part.BOMRef)
	}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

// serialNumber makes a UUID of a checksum (RFC 9562, version 8), where others
// take a random one.
func serialNumber(sum [sha256.Size]byte) string {
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func component(kind cdx.ComponentType, path, version string) cdx.Component {
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B") // Package URL specification, type golang
	return cdx.Component{BOMRef: purl, Type: kind, Name: path, Version: version, PackageURL: purl}
}
