// Package faults does to a running server what the world does, and checks that nothing that was promised is lost.
//
// Its tests build the real program once and run it as a process of its own: under load they kill it, stop it, restart it,
// cut and freeze its connections, storm it with logins, take its file descriptors and fill its disk. The clients are the
// harness's own (client_test.go): they use stream management (XEP-0198) as a careful client does, resume what can be
// resumed, and say again what was not acknowledged. Every message has an entry in the ledger (ledger_test.go); in the end
// the books must balance:
//
//   - what was acknowledged to its sender has reached its recipient, and both archives;
//   - nobody gets a message twice, unless the server died before it could know better: because the sender had to say it
//     again, or because the recipient's acknowledgement died with the server;
//   - rosters and rooms that were confirmed are there.
//
// The tests run for about a minute, and not under -short or the race detector; make soak runs TestSoak for as long as one likes. They need Linux.
// Start reading at world in world_test.go, then kill_test.go.
package faults
