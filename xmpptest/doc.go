// Package xmpptest runs a whole server inside a test, and plays transcripts against it.
//
// A transcript (*.xt) reads like a play: who sends what, and what must arrive where. It lives beside the module that it
// proves, in server/mod/NAME/testdata, and its first line names the section of the specification. Run plays every file of
// a folder on several grounds (the memory store, SQLite), each inside a bubble of testing/synctest: time is virtual,
// nothing sleeps, and "nothing arrived" is a fact instead of a guess. The language is described in docs/transcripts.md.
//
// Tests that need code use New, Connect, Send, Expect and Quiet. They work inside a bubble and outside.
//
// A Server and its Clients belong to the goroutine of the test. Behind each Client is one goroutine that reads, so that
// a server never waits for a test to read. Start reading at Run, then script.go; at New for use from Go.
package xmpptest
