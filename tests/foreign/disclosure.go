package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

type disclosure struct {
	ID, Kind string
	Ordinal  *int64
	Salt     string
}

func readDisclosure(parsed any, text []byte) (d disclosure) {
	must(matches(parsed, shape{"id": isText, "kind": isText, "ordinal?": isCount, "salt": isHash}), "not a disclosure")
	must(json.Unmarshal(text, &d) == nil && isIdentifier(d.ID) && (d.Kind == "cId" || d.Kind == "conversation"), "not a disclosure")
	return d
}

func (d disclosure) isOf(ordinal int64) bool {
	return d.Kind == "conversation" && d.Ordinal != nil && *d.Ordinal == ordinal
}

// commitment is SHA-256(tag ‖ salt ‖ id).
func (d disclosure) commitment() hash32 {
	salt, err := base64.StdEncoding.DecodeString(d.Salt)
	tag := map[string]byte{"cId": 0x43, "conversation": 0x44}[d.Kind]
	must(err == nil && len(salt) == 32 && tag != 0, "not a disclosure")
	return sha256.Sum256(append(append([]byte{tag}, salt...), d.ID...))
}
