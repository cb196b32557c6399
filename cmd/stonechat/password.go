package main

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// passwordMost is the longest line that is read as a password, in bytes.
const passwordMost = 1024

// passwordFlag is how a password gets in: asked for, or on standard input. Never as an argument, which other users of the
// machine can see.
type passwordFlag struct {
	PasswordStdin bool `help:"Read the password from standard input, one line, instead of asking for it."`
}

func (p passwordFlag) get(s *streams, prompt string) (string, error) {
	switch {
	case p.PasswordStdin:
		return readLine(s.in)
	case !term.IsTerminal(int(s.in.Fd())):
		return "", errors.New("there is no terminal to ask for the password on; use --password-stdin")
	}
	return askTwice(s, prompt)
}

// askTwice asks on the terminal without echo.
func askTwice(s *streams, prompt string) (string, error) {
	first, err := askOnce(s, prompt)
	if err != nil || first == "" {
		return first, err
	}
	second, err := askOnce(s, "The same again")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords are not the same")
	}
	return first, nil
}

func askOnce(s *streams, prompt string) (string, error) {
	fmt.Fprint(s.err, prompt+": ")
	b, err := term.ReadPassword(int(s.in.Fd()))
	fmt.Fprintln(s.err)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(b), nil
}

// readLine reads one line and nothing after it.
func readLine(f *os.File) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) <= passwordMost {
		_, err := f.Read(b)
		switch {
		case err == io.EOF || err == nil && b[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case err != nil:
			return "", fmt.Errorf("reading standard input: %w", err)
		}
		line = append(line, b[0])
	}
	return "", errors.New("the line on standard input is too long for a password")
}

// makePassword makes one that is easy to type: 15 letters and digits, 75 bits.
func makePassword() string {
	b := make([]byte, 10)
	rand.Read(b)
	s := base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").EncodeToString(b)
	return s[:5] + "-" + s[5:10] + "-" + s[10:15]
}
