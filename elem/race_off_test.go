//go:build !race

package elem

// raceEnabled: the race detector makes sync.Pool forget at random.
const raceEnabled = false
