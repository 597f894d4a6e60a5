// Command foreign-check checks what the ledger publishes with code that nobody here wrote: signed notes with
// golang.org/x/mod/sumdb/note, trees with golang.org/x/mod/sumdb/tlog. Only the job proof, our own format, is read by code of
// our own (job.go): a second implementation, to compare with or to start from. See docs/verifying.md.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxTlogProof: bytes of a conversation's proof.
const maxTlogProof = 1_200_000

const usage = `usage:
  foreign-check checkpoint  CHECKPOINT VKEY
  foreign-check inclusion   CHECKPOINT VKEY INDEX ENTRY HASHES
  foreign-check consistency OLDER NEWER VKEY HASHES
  foreign-check tiles       CHECKPOINT VKEY DIR
  foreign-check tlog-proof  PROOF VKEY [ENTRY]
  foreign-check job         PROOF VKEY
  foreign-check each        VKEY PROOF...
CHECKPOINT, OLDER, NEWER, ENTRY, PROOF: files. HASHES: a file, one base64 hash a line. DIR holds tile/...
each: checks PROOFs, those that end in .tlog-proof as such and others as a job's, and says of each in a line: its exit code, and why.
Exit code 0: it holds, and one line says what. 1: it does not, and why. 2: not called like this. 3: not proven, because a newer
ledger made it: its hashes and its signature are right, and it holds an event or a value that this program does not know.`

func main() {
	verbs := map[string]struct {
		fewest, most int
		check        func(args []string) (string, error)
	}{
		"checkpoint":  {2, 2, checkCheckpoint},
		"inclusion":   {5, 5, checkInclusion},
		"consistency": {4, 4, checkConsistency},
		"tiles":       {3, 3, checkTiles},
		"tlog-proof":  {2, 3, checkTlogProof},
		"job":         {2, 2, checkJob},
	}
	if len(os.Args) > 2 && os.Args[1] == "each" {
		checkEach(os.Args[2], os.Args[3:])
		return
	}
	if len(os.Args) < 2 || verbs[os.Args[1]].check == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	verb, args := verbs[os.Args[1]], os.Args[2:]
	if len(args) < verb.fewest || len(args) > verb.most {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	code, said := judge(verb.check, args)
	if code != 0 {
		fmt.Fprintln(os.Stderr, said)
		os.Exit(code)
	}
	fmt.Println(said)
}

// checkEach checks many proofs in one process, each as if it were the only one.
func checkEach(vkey string, proofs []string) {
	for _, proof := range proofs {
		check := checkJob
		if strings.HasSuffix(proof, ".tlog-proof") {
			check = checkTlogProof
		}
		code, said := judge(check, []string{proof, vkey})
		first, _, _ := strings.Cut(said, "\n")
		fmt.Println(code, first)
	}
}

// judge gives the exit code of one check, and what is said with it.
func judge(check func(args []string) (string, error), args []string) (code int, said string) {
	said, err := run(check, args)
	if unknown := (*notProven)(nil); errors.As(err, &unknown) {
		return 3, fmt.Sprint("NOT PROVEN: ", unknown)
	}
	if err != nil {
		return 1, fmt.Sprint("DOES NOT HOLD: ", err)
	}
	return 0, "HOLDS: " + said
}

// run turns what a check panics with into its error: whatever is unexpected in a proof, it does not hold.
func run(check func(args []string) (string, error), args []string) (said string, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("%v", wrong)
		}
	}()
	return check(args)
}

// notProven: hashes and signature are right, and what was recorded is not known to this program.
type notProven struct{ unknown string }

func (n *notProven) Error() string {
	return "made by a newer ledger: this program does not know " + n.unknown
}

func must(holds bool, otherwise string, args ...any) {
	if !holds {
		panic(fmt.Errorf(otherwise, args...))
	}
}

func checkCheckpoint(args []string) (string, error) {
	tree, err := readCheckpoint(args[0], args[1])
	return fmt.Sprintf("a signed tree of %d leaves, root %v", tree.N, tree.Hash), err
}

func checkInclusion(args []string) (string, error) {
	tree, err := readCheckpoint(args[0], args[1])
	if err != nil {
		return "", err
	}
	index, err := decimal(args[2])
	if err != nil {
		return "", err
	}
	entry, err := os.ReadFile(args[3])
	if err != nil {
		return "", err
	}
	proof, err := readHashes(args[4])
	if err != nil {
		return "", err
	}
	err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
	return fmt.Sprintf("the entry is leaf %d of %d", index, tree.N), err
}

func checkConsistency(args []string) (string, error) {
	older, err := readCheckpoint(args[0], args[2])
	if err != nil {
		return "", err
	}
	newer, err := readCheckpoint(args[1], args[2])
	if err != nil {
		return "", err
	}
	proof, err := readHashes(args[3])
	if err != nil {
		return "", err
	}
	err = tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash)
	return fmt.Sprintf("the tree of %d leaves begins with that of %d", newer.N, older.N), err
}

func checkTlogProof(args []string) (string, error) {
	file, err := os.ReadFile(args[0])
	if err != nil {
		return "", err
	}
	// The proof's own lines have no empty one: the first ends them, and the checkpoint begins.
	head, checkpoint, found := strings.Cut(string(file), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(file) > maxTlogProof || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", errors.New("not a .tlog-proof")
	}
	lines = lines[1:]
	var extra string
	if strings.HasPrefix(lines[0], "extra ") {
		extra, lines = lines[0][len("extra "):], lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return "", errors.New("no index")
	}
	index, err := decimal(lines[0][len("index "):])
	if err != nil {
		return "", err
	}
	proof, err := parseHashes(lines[1:])
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint([]byte(checkpoint), args[1])
	if err != nil {
		return "", err
	}
	entry, given, err := entryOf(extra, args[2:])
	if err != nil {
		return "", err
	}
	if err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", err
	}
	whose := ""
	if len(args) == 2 { // our own extra says what the leaf is
		if whose, err = outcomeOf(entry, given); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("leaf %d of %d is %s%s", index, tree.N, entry, whose), nil
}

// entryOf gives the bytes that were logged: from a file, or from the proof's extra, with the disclosure that is there.
func entryOf(extra string, file []string) (entry []byte, given *disclosure, err error) {
	if len(file) > 0 {
		entry, err = os.ReadFile(file[0])
		return entry, nil, err
	}
	decoded, err := decodeBase64(extra)
	if err != nil {
		return nil, nil, err
	}
	parsed := canonical(decoded, 3)
	must(matches(parsed, shape{"disclosures": isAny, "entry": isText, "v": isOne}), "an extra of another form")
	disclosures, isList := parsed.(map[string]any)["disclosures"].([]any)
	must(isList && len(disclosures) <= 1, "more than one disclosure")
	for _, one := range disclosures {
		text, _ := json.Marshal(one)
		d := readDisclosure(one, text)
		must(d.Kind == "conversation" && d.Ordinal == nil, "not the disclosure of a conversation's id")
		given = &d
	}
	entry, err = decodeBase64(parsed.(map[string]any)["entry"].(string))
	return entry, given, err
}

// outcomeOf checks that an entry is what became of a conversation, and that it is the disclosed one.
func outcomeOf(entry []byte, given *disclosure) (whose string, err error) {
	l := readLeaf(entry)
	must(jobID.MatchString(l.Stream), "not an event of a job")
	var of map[string]any // and not a struct, into which a member in another letter case would be read
	_ = json.Unmarshal(l.Data, &of)
	if given != nil && (isHash(of["commitment"]) || len(l.unknown) == 0) {
		commitment := given.commitment()
		must(of["commitment"] == base64.StdEncoding.EncodeToString(commitment[:]), "the disclosed id is not the one that the entry commits to")
		whose = fmt.Sprintf(", conversation %q", given.ID)
	}
	if len(l.unknown) > 0 {
		return "", &notProven{strings.Join(l.unknown, ", ")}
	}
	must(l.Type == "conversation_deleted" || l.Type == "conversation_skipped" || l.Type == "failed", "not a conversation's outcome")
	return whose, l.outOfPlace()
}

// readText reads a file to check by. A byte order mark, which some tools write unasked, is no part of it; of UTF-16 it is said that it is
// that.
func readText(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("%s is not UTF-8: is it UTF-16?", file)
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

func readCheckpoint(file, vkey string) (tlog.Tree, error) {
	signed, err := readText(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(signed, vkey)
}

func openCheckpoint(signed []byte, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("not a checkpoint of the key's log")
	}
	if tree.N, err = decimal(lines[1]); err != nil {
		return tree, err
	}
	tree.Hash, err = parseHash(lines[2])
	if tree.N == 0 && tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
		return tree, errors.New("an empty tree has the empty tree's root")
	}
	return tree, err
}

func readHashes(file string) ([]tlog.Hash, error) {
	text, err := readText(file)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	return parseHashes(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
}

func parseHashes(lines []string) (hashes []tlog.Hash, err error) {
	for _, line := range lines {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func parseHash(text string) (hash tlog.Hash, err error) {
	decoded, err := decodeBase64(text)
	if err == nil && len(decoded) != len(hash) {
		err = errors.New("a hash has 32 bytes")
	}
	copy(hash[:], decoded)
	return hash, err
}

// decodeBase64 reads the one spelling that bytes have.
func decodeBase64(text string) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err == nil && base64.StdEncoding.EncodeToString(decoded) != text {
		err = errors.New("base64 in another spelling")
	}
	return decoded, err
}

// decimal reads a number that has one spelling.
func decimal(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > maxInteger || strconv.FormatInt(n, 10) != text {
		return 0, fmt.Errorf("not a number: %q", text)
	}
	return n, nil
}
