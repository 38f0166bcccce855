// Package crawl collects the pages of a site: politely, within budgets, and so that a process killed at any moment goes
// on where it stood. What is due, what was seen and when it may be asked for again lie in a frontier on disk; robots.txt
// is kept to; a page is parsed once.
package crawl

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"counterpoint/ingest/page"
)

// Site is what is crawled for one source. The zero value of each budget is the default.
type Site struct {
	Source   string        // Source.ID
	Start    []string      // where each round begins; their hosts and folders are the scope
	Every    time.Duration // from the beginning of a round to the next; 0 is an hour
	Pages    int           // requests of a round; 0 is 500
	Bytes    int64         // of a round, unpacked; 0 is 256 MiB
	Time     time.Duration // of a round; 0 is 30 minutes
	Depth    int           // links from the start; 0 is 3
	Known    int           // addresses that are remembered; 0 is 200,000
	Parallel int           // requests at a time; 0 is 2
	Delay    time.Duration // between two requests to a host; 0 is a second, negative is none. A longer Crawl-delay wins
	scopes   []scope
	anywhere bool // every address is in the scope
}

// scope is a host, without www, and the folder on it.
type scope struct{ host, folder string }

// Check fills the defaults, and says what is wrong.
func (s Site) Check() (Site, error) {
	fill := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	fill(&s.Pages, 500)
	fill(&s.Depth, 3)
	fill(&s.Known, 200_000)
	fill(&s.Parallel, 2)
	if s.Every == 0 {
		s.Every = time.Hour
	}
	if s.Bytes == 0 {
		s.Bytes = 256 << 20
	}
	if s.Time == 0 {
		s.Time = 30 * time.Minute
	}
	if s.Delay == 0 {
		s.Delay = time.Second
	}
	if s.Pages < 0 || s.Depth < 0 || s.Known < 0 || s.Parallel < 0 || s.Parallel > 64 || s.Bytes < 0 || s.Every < time.Second || s.Time < 0 {
		return s, errors.New("a budget is negative, more than 64 requests at a time, or less than a second between rounds")
	}
	if len(s.Start) == 0 {
		return s, errors.New("a site needs an address to start from")
	}
	s.scopes = nil
	starts := make([]string, len(s.Start))
	for i, at := range s.Start {
		c, ok := page.Canonical(nil, at)
		if !ok {
			return s, fmt.Errorf("%q is not an address such as https://site.example/", at)
		}
		u, _ := url.Parse(c)
		starts[i] = c
		s.scopes = append(s.scopes, scope{page.SameSite(u.Host), folder(u.Path)})
	}
	s.Start = starts
	return s, nil
}

// folder is what a start page stands for: /sw/ for /sw/ and /sw, and / for /index.html.
func folder(p string) string {
	if path.Ext(p) != "" {
		p = path.Dir(p)
	}
	return strings.TrimSuffix(p, "/") + "/"
}

// Has reports whether an address lies in the site's scope and can be a page.
func (s Site) Has(address string) bool {
	u, err := url.Parse(address)
	return err == nil && s.within(u) && !isFile(u.Path)
}

func (s Site) within(u *url.URL) bool {
	if s.anywhere {
		return true
	}
	for _, sc := range s.scopes {
		if page.SameSite(u.Host) == sc.host && strings.HasPrefix(u.Path+"/", sc.folder) {
			return true
		}
	}
	return false
}

// onHost is within without regard to the folder: sitemaps lie at the root.
func (s Site) onHost(u *url.URL) bool {
	for _, sc := range s.scopes {
		if page.SameSite(u.Host) == sc.host {
			return true
		}
	}
	return false
}

// files are the endings of what is no page: asking for them costs a line that may be slow.
const files = " .jpg .jpeg .png .gif .webp .avif .svg .ico .bmp .css .js .mjs .json .xml .rss .atom .mp3 .m4a .ogg .opus .wav .aac " +
	".flac .mp4 .m4v .webm .avi .mov .mkv .wmv .pdf .doc .docx .xls .xlsx .ppt .pptx .odt .epub .zip .gz .tar .7z .rar .exe .dmg " +
	".apk .iso .woff .woff2 .ttf .eot .ics .swf .m3u .m3u8 .pls .torrent "

func isFile(p string) bool {
	ext := strings.ToLower(path.Ext(p))
	return ext != "" && strings.Contains(files, " "+ext+" ")
}
