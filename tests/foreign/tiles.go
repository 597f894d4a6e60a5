package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// checkTiles reads every leaf's hash through the tiles, which tlog authenticates against the checkpoint's root, and
// compares it with the hash of the entry in its bundle.
func checkTiles(args []string) (string, error) {
	tree, err := readCheckpoint(args[0], args[1])
	if err != nil {
		return "", err
	}
	hashes := tlog.TileHashReader(tree, tiles(args[2]))
	for first := int64(0); first < tree.N; first += 1 << tileHeight {
		width := tree.N - first
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		bundle, err := os.ReadFile(filepath.Join(args[2], path(tlog.Tile{H: tileHeight, L: -1, N: first >> tileHeight, W: int(width)})))
		if err != nil {
			return "", err
		}
		for index := first; index < first+width; index++ {
			entry, rest, err := cut(bundle)
			if err != nil {
				return "", err
			}
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return "", err
			}
			if leaf[0] != tlog.RecordHash(entry) {
				return "", fmt.Errorf("entry %d is not the one that was logged", index)
			}
			bundle = rest
		}
		if len(bundle) > 0 {
			return "", errors.New("a bundle has more entries than the tree")
		}
	}
	return fmt.Sprintf("%d entries and their tiles give the root %v", tree.N, tree.Hash), nil
}

// cut takes the first entry off a bundle: two bytes of length, big-endian, and the entry.
func cut(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
		return nil, nil, errors.New("a bundle is cut short")
	}
	end := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:end], bundle[end:], nil
}

// tiles is a folder of static files as c2sp.org/tlog-tiles names them.
type tiles string

func (dir tiles) Height() int { return tileHeight }

func (dir tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range wanted {
		read, err := os.ReadFile(filepath.Join(string(dir), path(tile)))
		if err != nil {
			return nil, err
		}
		data = append(data, read)
	}
	return data, nil
}

func (dir tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// path is sumdb's without its height: the specification has one height only, and calls the data "entries".
func path(tile tlog.Tile) string {
	return strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), "tile/data/", "tile/entries/", 1)
}
