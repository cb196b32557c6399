package bench

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// NumberedAccounts makes n accounts: prefix and number are the name, and in the password each %d stands for the number.
func NumberedAccounts(prefix, password string, n int) []Account {
	out := make([]Account, n)
	for i := range out {
		number := strconv.Itoa(i)
		out[i] = Account{User: prefix + number, Password: strings.ReplaceAll(password, "%d", number)}
	}
	return out
}

// ReadAccounts reads accounts, one a line: the name or address, blanks, the password. Empty lines and lines that begin
// with # are skipped. Of addresses only the local part counts.
func ReadAccounts(r io.Reader) ([]Account, error) {
	var out []Account
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		blank := strings.IndexAny(line, " \t")
		if blank < 0 {
			return nil, fmt.Errorf("line %d: a name and a password are expected", n)
		}
		name, password := line[:blank], line[blank:]
		user, _, _ := strings.Cut(name, "@")
		out = append(out, Account{User: user, Password: strings.TrimSpace(password)})
	}
	return out, in.Err()
}

// Needed is how many accounts the scenario uses.
func (c *Config) Needed() int {
	switch c.Scenario {
	case "chat":
		return 2 * c.Pairs
	case "muc":
		return c.Rooms * c.Occupants
	case "start":
		return 1
	}
	return c.Sessions
}
