// Package interop has clients that nobody here wrote drive the real program: slixmpp, libstrophe, profanity and go-sendxmpp.
//
// It is all tests. Each builds on a server of its own, `stonechat serve` with a configuration on ports of the system's choice
// and data in a temporary folder, and is skipped by name when the client that it needs is not installed (scripts/peers.sh).
// What the clients saw comes back as lines of JSON; profanity alone is read from its screen. Start reading at
// main_test.go, then chat_test.go.
package interop
