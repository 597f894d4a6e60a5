package main

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is the compact range of RFC 6962's tree: the roots of the complete subtrees that the binary digits of its size name.
type tree struct {
	size  int64
	nodes []tlog.Hash
}

func (t *tree) add(root tlog.Hash, leaves int64) {
	for carry := leaves; t.size&carry != 0; carry <<= 1 {
		root = tlog.NodeHash(t.nodes[len(t.nodes)-1], root)
		t.nodes = t.nodes[:len(t.nodes)-1]
	}
	t.nodes = append(t.nodes, root)
	t.size += leaves
}

func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	root := t.nodes[len(t.nodes)-1]
	for i := len(t.nodes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.nodes[i], root)
	}
	return root
}

func rootOf(leaves []hash32) tlog.Hash {
	var t tree
	for _, leaf := range leaves {
		t.add(tlog.RecordHash(leaf[:]), 1)
	}
	return t.root()
}
