package store

import (
	"encoding"
	"encoding/json"
	"fmt"
)

// codec turns values into bytes and back. It is chosen once, when a shape is opened.
type codec[T any] struct {
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
}

// codecOf: []byte as it is, struct{} as nothing, types that have both binary
// methods by them, all others as JSON.
func codecOf[T any]() codec[T] {
	var zero T
	switch any(zero).(type) {
	case []byte:
		return codec[T]{
			encode: func(v T) ([]byte, error) { return any(v).([]byte), nil },
			decode: func(b []byte) (T, error) { return any(b).(T), nil },
		}
	case struct{}:
		return codec[T]{
			encode: func(T) ([]byte, error) { return nil, nil },
			decode: func([]byte) (v T, err error) { return v, nil },
		}
	}
	_, reads := any(&zero).(encoding.BinaryUnmarshaler)
	_, appends := any(&zero).(encoding.BinaryAppender)
	_, writes := any(&zero).(encoding.BinaryMarshaler)
	switch {
	case reads && appends:
		return codec[T]{
			encode: func(v T) ([]byte, error) { return any(&v).(encoding.BinaryAppender).AppendBinary(nil) },
			decode: decodeBinary[T],
		}
	case reads && writes:
		return codec[T]{
			encode: func(v T) ([]byte, error) { return any(&v).(encoding.BinaryMarshaler).MarshalBinary() },
			decode: decodeBinary[T],
		}
	}
	return codec[T]{
		encode: func(v T) ([]byte, error) { return json.Marshal(v) },
		decode: func(b []byte) (v T, err error) {
			err = json.Unmarshal(b, &v)
			return v, err
		},
	}
}

func decodeBinary[T any](b []byte) (v T, err error) {
	err = any(&v).(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
	return v, err
}

// damaged says which value could not be read.
func damaged(name, owner, key string, err error) error {
	return fmt.Errorf("store: value of %s, owner %q, key %q: %w", name, owner, key, err)
}
