package store

import (
	"errors"
	"strings"
	"time"
	"unicode"
)

// Item is one entry of a Log.
type Item struct {
	ID       string    // unique in the owner's log, never empty
	At       time.Time // kept in microseconds, UTC
	Peer     string    // bare JID of the other side; may be empty
	Resource string    // the peer's resource; may be empty
	Value    []byte
	Text     string // what full-text search finds; kept only by logs with FullText
}

// Check reports an item that no driver accepts.
func (it *Item) Check() error {
	if it.ID == "" {
		return errors.New("store: item without id")
	}
	return nil
}

// All is a Query.Limit without limit.
const All = -1

// CountLimit is the most items that a query with WantCount counts, so that counting costs little beside the page.
const CountLimit = 1_000

// Query selects one page of a log. Zero fields do not restrict, apart from
// Limit. Items come in the order of their time, those of equal time in the
// order of their arrival.
type Query struct {
	Peer         string // only items with this peer …
	PeerResource string // … and, beside Peer, this resource of it
	Start, End   time.Time
	AfterID      string   // items after this one (XEP-0313 §4.1.3); must exist
	BeforeID     string   // items before this one; must exist
	IDs          []string // only these; all must exist
	Text         string   // items whose Text has all these words, in any order and case

	// The fields above define the result set, those below the page of it.

	After    string // the page begins after this item (XEP-0059 §2.2); must exist
	Before   string // the page ends before this item; must exist
	Limit    int    // most items in the page; 0 = none (to ask whether there are any, or how many); All
	Backward bool   // take the newest items that fit, not the oldest; the order in the page stays ascending

	WantCount bool // fill in Page.First and Page.Count
}

// Page is the answer to a Query.
type Page struct {
	Items    []Item
	Complete bool // nothing was left out for Limit: no more items in the direction of the query

	// Only with WantCount. First is the index of the page's first item in the
	// result set, -1 when the page is empty; Count is the size of the result
	// set. Either is -1 when it is above CountLimit.
	First, Count int
}

// Bounds is the first and the last item of a log (XEP-0313 §5).
type Bounds struct {
	FirstID, LastID string
	FirstAt, LastAt time.Time
}

// Words splits text into the words that full-text search compares, lower-cased.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}
