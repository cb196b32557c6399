//go:build race

package interop

// raced says that the race detector is on. It sees nothing of other processes, which is all that runs here.
const raced = true
