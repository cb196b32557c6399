//go:build !race

package faults

// raceEnabled: it is another process that is tested here, and the detector would see nothing of it.
const raceEnabled = false
