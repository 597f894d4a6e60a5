package main

import (
	"bufio"
	"fmt"
	"io"
	"math/bits"
	"os"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proof reads the lines of an "erasure-proof/v1" file (docs/formats.md, "Job proof"). Every line has to be
// right: must ends the check at the first that is not.
type proof struct {
	*bufio.Reader
	number int // of the line that was read last
}

var jobID = regexp.MustCompile(`^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)

const maxNoteLines = 116

func checkJob(args []string) (said string, err error) {
	file, err := os.Open(args[0])
	if err != nil {
		return "", err
	}
	defer file.Close()
	p := &proof{Reader: bufio.NewReaderSize(file, 1<<16)}
	must(p.line() == "erasure-proof/v1", "not an erasure-proof/v1")
	origin, id := p.value("origin"), p.value("job")
	must(jobID.MatchString(id), "not a job's id")
	var signed strings.Builder
	lines := p.numbers("checkpoint", 1)[0]
	must(lines <= maxNoteLines, "a checkpoint has at most %d lines", maxNoteLines)
	for ; lines > 0; lines-- {
		signed.WriteString(p.line() + "\n")
	}
	log, err := openCheckpoint([]byte(signed.String()), args[1])
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(args[1], "+")
	must(origin == name, "another log's proof")

	j := &job{id: id, history: newHistory()}
	next := p.line()
	for end := int64(0); strings.HasPrefix(next, "run "); next = p.line() {
		end = p.run(next, end, log, j)
	}
	count := numbers(next, "disclosures", 1)[0]
	if j.unknown != nil {
		p.unjudged(count, j)
		return "", j.unknown
	}
	if j.wrong == nil && j.end == nil {
		j.wrong = fmt.Errorf("the job has not ended")
	}
	if j.wrong != nil {
		return "", j.wrong
	}
	disclosed := p.disclosures(count, j)
	p.rest(p.numbers("manifest-rest", 1)[0], j)
	p.end()
	return fmt.Sprintf("job %s %s: %d conversations, %d deleted, %d failed, %d ids disclosed, in the log %s of %d leaves",
		id, j.end.Outcome, j.conversations(), j.deleted, len(j.failed), disclosed, origin, log.N), nil
}

// job judges events as they go by. What a newer ledger wrote cannot be judged by these rules: once something unknown was met,
// whatever they say of the rest, nothing is proven. Hashes are checked all the same.
type job struct {
	*history
	id      string
	wrong   error      // the first rule that an event broke
	unknown *notProven // the first thing that is not known
	asked   *submitted // whatever the rules say of them
	list    *started
}

func (j *job) add(l leaf, line int) {
	must(l.Stream == j.id, "an event of another stream: %q", l.Stream)
	take := j.apply
	if len(l.unknown) > 0 {
		take = j.next
		if j.unknown == nil {
			j.unknown = &notProven{fmt.Sprintf("%s (line %d)", strings.Join(l.unknown, ", "), line)}
		}
	}
	if j.wrong == nil {
		_, j.wrong = run(func([]string) (string, error) { take(l); return "", nil }, nil)
	}
	switch {
	case len(l.unknown) > 0:
	case l.Type == "submitted" && j.asked == nil:
		l.read(&j.asked)
	case l.Type == "started" && j.list == nil:
		l.read(&j.list)
	}
}

// run checks adjacent leaves: with the subtrees left and right of them they must give the log's root.
func (p *proof) run(line string, after int64, log tlog.Tree, j *job) (end int64) {
	n := numbers(line, "run", 4)
	first, end := n[0], n[0]+n[1]
	must(n[1] > 0 && first >= after && first < log.N && end > first && end <= log.N, "a run is out of place")
	var t tree
	p.subtrees(&t, 0, first, n[2])
	for ; t.size < end; t.add(tlog.RecordHash([]byte(line)), 1) {
		line = p.line()
		j.add(readLeaf([]byte(line)), p.number)
	}
	p.subtrees(&t, end, log.N, n[3])
	must(t.root() == log.Hash, "leaves %d to %d are not the log's", first, end-1)
	return end
}

// subtrees adds the complete subtrees that make up the leaves [first, end).
func (p *proof) subtrees(t *tree, first, end, count int64) {
	for ; first < end; count-- {
		leaves := subtree(first, end)
		t.add(p.hash(), leaves)
		first += leaves
	}
	must(count == 0, "not as many hashes as subtrees")
}

// subtree is the size of the first complete subtree of the leaves [first, end).
func subtree(first, end int64) int64 {
	leaves := int64(1) << (bits.Len64(uint64(end-first)) - 1)
	if first > 0 && first&-first < leaves {
		leaves = first & -first
	}
	return leaves
}

// disclosures checks that identifiers and salts, all or none, give the commitments.
func (p *proof) disclosures(count int64, j *job) int64 {
	if count == 0 {
		return 0
	}
	if j.request.RequestType == "cId" {
		d := p.disclosure()
		must(d.Kind == "cId" && d.Ordinal == nil && d.commitment() == j.request.Commitments[0], "another cId")
		count--
	}
	must(count == int64(len(j.outcomes)), "not one disclosure for each outcome")
	for ordinal, commitment := range j.outcomes {
		d := p.disclosure()
		must(d.isOf(int64(ordinal)) && d.commitment() == commitment, "another conversation at %d", ordinal)
	}
	return count
}

// rest checks that the outcomes' commitments, and the roots over those without an outcome, give the manifest root of Started.
func (p *proof) rest(count int64, j *job) {
	var t tree
	for _, commitment := range j.outcomes {
		t.add(tlog.RecordHash(commitment[:]), 1)
	}
	p.subtrees(&t, int64(len(j.outcomes)), j.conversations(), count)
	must(j.start == nil || t.root() == j.start.ManifestRoot, "the outcomes are not of the list that the job started with")
}

// unjudged reads what follows the events where some of them are not known. The identifiers must still be of something that the log
// says: of the list, of the request, or of the outcomes.
func (p *proof) unjudged(count int64, j *job) {
	var ids []hash32
	for i := int64(0); i < count; i++ {
		d := p.disclosure()
		if i == 0 && d.Kind == "cId" {
			must(d.Ordinal == nil && (j.asked == nil || j.asked.isOf(d)), "another cId")
			continue
		}
		must(d.isOf(int64(len(ids))), "the disclosure of conversation %d was expected", len(ids))
		ids = append(ids, d.commitment())
	}
	var rest []tlog.Hash
	count = p.numbers("manifest-rest", 1)[0]
	must(count <= 256, "too many hashes")
	for ; count > 0; count-- {
		rest = append(rest, p.hash())
	}
	p.end()
	must(len(ids) == 0 || j.names(ids, rest), "the disclosed ids are not those that the log's record is of")
}

func (s *submitted) isOf(d disclosure) bool {
	return s.RequestType == "cId" && len(s.Commitments) == 1 && d.commitment() == s.Commitments[0]
}

// names: that outcomes, request and list agree with one another is a rule of the history. The rest of a list is of that list alone.
func (j *job) names(ids []hash32, rest []tlog.Hash) bool {
	var t tree
	for _, commitment := range ids {
		t.add(tlog.RecordHash(commitment[:]), 1)
	}
	root, done := t.root(), len(ids)
	isByIds := j.asked != nil && j.asked.RequestType != "cId"
	isOther := len(j.outcomes) == done && rootOf(j.outcomes) == root ||
		isByIds && len(j.asked.Commitments) >= done && rootOf(j.asked.Commitments[:done]) == root
	if j.list == nil {
		return isOther || !isByIds
	}
	hasRest := len(rest) > 0
	for t.size < j.list.Conversations && len(rest) > 0 {
		t.add(rest[0], subtree(t.size, j.list.Conversations))
		rest = rest[1:]
	}
	if t.size != j.list.Conversations || len(rest) > 0 {
		return isOther // not of this list
	}
	return isOther && !hasRest || t.root() == j.list.ManifestRoot
}

func (p *proof) end() {
	must(p.line() == "end", "no 'end'")
	_, err := p.ReadByte()
	must(err == io.EOF, "something follows the end")
}

func (p *proof) line() string {
	line, err := p.ReadString('\n')
	must(err == nil && len(line) <= maxEntry+1, "the proof is cut short, or a line is too long")
	p.number++
	return line[:len(line)-1]
}

func (p *proof) value(name string) string {
	line := p.line()
	must(strings.HasPrefix(line, name+" "), "no line %q", name)
	return line[len(name)+1:]
}

func (p *proof) numbers(name string, count int) []int64 { return numbers(p.line(), name, count) }

func (p *proof) hash() tlog.Hash {
	hash, err := parseHash(p.line())
	must(err == nil, "not a hash")
	return hash
}

func (p *proof) disclosure() disclosure {
	line := []byte(p.line())
	must(len(line) <= 1024, "a disclosure is too long")
	return readDisclosure(canonical(line, 2), line)
}

func numbers(line, name string, count int) (parsed []int64) {
	words := strings.Split(line, " ")
	must(words[0] == name && len(words) == count+1, "no line %q", name)
	for _, word := range words[1:] {
		n, err := decimal(word)
		must(err == nil, "not a number")
		parsed = append(parsed, n)
	}
	return parsed
}
