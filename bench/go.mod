module github.com/gitfleet/gitfleet/bench

go 1.26.0

require (
	github.com/gitfleet/gitfleet v0.0.0
	github.com/gofri/go-github-ratelimit/v2 v2.0.2
	github.com/google/go-github/v66 v66.0.0
	github.com/gregjones/httpcache v0.0.0-20190611155906-901d90724c79
	github.com/ktrysmt/go-bitbucket v0.10.0
	github.com/xanzy/go-gitlab v0.115.0
	golang.org/x/oauth2 v0.37.0
	golang.org/x/sync v0.24.0
	golang.org/x/time v0.16.0
	modernc.org/sqlite v1.58.0
)

require (
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/google/go-querystring v1.1.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.7 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	golang.org/x/net v0.55.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	modernc.org/libc v1.75.6 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)

replace github.com/gitfleet/gitfleet => ../
