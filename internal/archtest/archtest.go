// Package archtest keeps the tree in the order that docs/architecture.md describes: its tests read every package and fail
// when an import goes up a floor, a third party turns up where it is not expected, or a file outgrows its limit.
//
// Exceptions stand in rules_test.go, each with its reason. The package has nothing to import.
package archtest
