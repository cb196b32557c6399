package sasl

import "crypto"

// mustHash is the hash of a SCRAM or HT mechanism named in a test.
func (m Mechanism) mustHash() crypto.Hash {
	h, ok := m.Hash()
	if !ok {
		panic(m)
	}
	return h
}
