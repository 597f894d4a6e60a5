package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// proof reads the lines of an "erasure-proof/v1" file (docs/formats.md, "Job proof"). Every line has to be
// right: must ends the check at the first that is not.
type proof struct{ *bufio.Reader }

func checkJob(args []string) (said string, err error) {
	file, err := os.Open(args[0])
	if err != nil {
		return "", err
	}
	defer file.Close()
	p := proof{bufio.NewReaderSize(file, 1<<16)}
	must(p.line() == "erasure-proof/v1", "not an erasure-proof/v1")
	origin, id := p.value("origin"), p.value("job")
	var signed strings.Builder
	for n := p.numbers("checkpoint", 1)[0]; n > 0; n-- {
		signed.WriteString(p.line() + "\n")
	}
	log, err := openCheckpoint([]byte(signed.String()), args[1])
	if err != nil {
		return "", err
	}
	must(strings.HasPrefix(args[1], origin+"+"), "another log's proof")

	j := &job{id: id}
	next := p.line()
	for end := int64(0); strings.HasPrefix(next, "run "); next = p.line() {
		end = p.run(next, end, log, j)
	}
	must(j.end != nil, "the job has not ended")
	disclosed := p.disclosures(numbers(next, "disclosures", 1)[0], j)
	p.rest(p.numbers("manifest-rest", 1)[0], j)
	must(p.line() == "end", "no 'end'")
	_, err = p.ReadByte()
	must(err == io.EOF, "something follows the end")
	return fmt.Sprintf("job %s %s: %d conversations, %d deleted, %d failed, %d ids disclosed, in the log %s of %d leaves",
		id, j.end.Outcome, j.conversations(), j.deleted, len(j.failed), disclosed, origin, log.N), nil
}

// run checks adjacent leaves: with the subtrees left and right of them they must give the log's root.
func (p proof) run(line string, after int64, log tlog.Tree, j *job) (end int64) {
	n := numbers(line, "run", 4)
	first, end := n[0], n[0]+n[1]
	must(n[1] > 0 && first >= after && first < log.N && end > first && end <= log.N, "a run is out of place")
	var t tree
	p.subtrees(&t, 0, first, n[2])
	for ; t.size < end; t.add(tlog.RecordHash([]byte(line)), 1) {
		line = p.line()
		j.apply(line)
	}
	p.subtrees(&t, end, log.N, n[3])
	must(t.root() == log.Hash, "leaves %d to %d are not the log's", first, end-1)
	return end
}

// subtrees adds the complete subtrees that make up the leaves [first, end).
func (p proof) subtrees(t *tree, first, end, count int64) {
	for ; first < end; count-- {
		leaves := int64(1) << (bits.Len64(uint64(end-first)) - 1)
		if first > 0 && first&-first < leaves {
			leaves = first & -first
		}
		t.add(p.hash(), leaves)
		first += leaves
	}
	must(count == 0, "not as many hashes as subtrees")
}

// disclosures checks that identifiers and salts, all or none, give the commitments.
func (p proof) disclosures(count int64, j *job) int64 {
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
		must(d.Kind == "conversation" && d.Ordinal != nil && *d.Ordinal == int64(ordinal) && d.commitment() == commitment, "another conversation at %d", ordinal)
	}
	return count
}

// rest checks that the outcomes' commitments, and the roots over those without an outcome, give the manifest root of Started.
func (p proof) rest(count int64, j *job) {
	var t tree
	for _, commitment := range j.outcomes {
		t.add(tlog.RecordHash(commitment[:]), 1)
	}
	p.subtrees(&t, int64(len(j.outcomes)), j.conversations(), count)
	must(j.start == nil || t.root() == j.start.ManifestRoot, "the outcomes are not of the list that the job started with")
	if j.start != nil && j.request.RequestType == "conversationIds" {
		var asked tree
		for _, commitment := range j.request.Commitments {
			asked.add(tlog.RecordHash(commitment[:]), 1)
		}
		must(asked.root() == j.start.ManifestRoot && asked.size == j.conversations(), "the list is not what was asked for")
	}
}

func (p proof) line() string {
	line, err := p.ReadString('\n')
	must(err == nil && len(line) <= 1<<20, "the proof is cut short")
	return line[:len(line)-1]
}

func (p proof) value(name string) string {
	line := p.line()
	must(strings.HasPrefix(line, name+" "), "no line %q", name)
	return line[len(name)+1:]
}

func (p proof) numbers(name string, count int) []int64 { return numbers(p.line(), name, count) }

func (p proof) hash() tlog.Hash {
	hash, err := tlog.ParseHash(p.line())
	must(err == nil, "not a hash")
	return hash
}

func (p proof) disclosure() (d disclosure) {
	must(json.Unmarshal([]byte(p.line()), &d) == nil, "not a disclosure")
	return d
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

// hash32 is a commitment: 32 bytes, base64 in JSON.
type hash32 = tlog.Hash

type disclosure struct {
	ID, Kind string
	Ordinal  *int64
	Salt     string
}

// commitment is SHA-256(tag ‖ salt ‖ id).
func (d disclosure) commitment() hash32 {
	salt, err := base64.StdEncoding.DecodeString(d.Salt)
	tag := map[string]byte{"cId": 0x43, "conversation": 0x44}[d.Kind]
	must(err == nil && len(salt) == 32 && tag != 0, "not a disclosure")
	return sha256.Sum256(append(append([]byte{tag}, salt...), d.ID...))
}

type job struct {
	id       string
	version  int64
	request  *submitted
	plan     *scheduled
	start    *started
	end      *completed
	outcomes []hash32       // commitments by ordinal, as far as there are outcomes
	failed   map[int64]bool // their latest outcome is a failure
	owed     map[int64]bool // failed in the attempt before, and not tried again in this one
	broken   bool           // the attempt failed as a whole
	deleted  int64
	skipped  map[string]int64
	items    items
}

type submitted struct {
	RequestType string
	Commitments []hash32
	From, To    *time.Time
}

type scheduled struct {
	PlannedAt time.Time
	Window    struct{ Opens, Closes time.Time }
	Reason    string
	Attempt   int
}

type started struct {
	Attempt       int
	Conversations int64
	ManifestRoot  hash32
	From          *time.Time
	RetainedFrom  *time.Time
}

// outcome is conversation_deleted, conversation_skipped or failed.
type outcome struct {
	Commitment      hash32
	Ordinal         *int64
	Attempt         int
	Items           items
	ConfirmedAbsent bool
	Reason          string
}

type completed struct {
	Outcome                        string
	Conversations, Deleted, Failed int64
	Skipped                        map[string]int64
	Items                          items
	UntouchedFrom                  *int64
}

type items struct{ Messages, Transcripts, Recordings, Attachments, Logs int64 }

func (j *job) conversations() int64 {
	if j.start == nil {
		return 0
	}
	return j.start.Conversations
}

// apply takes the job's next event, which must be one that can come next.
func (j *job) apply(line string) {
	var leaf struct {
		V, Version   int64
		Stream, Type string
		At           time.Time
		Data         json.RawMessage
	}
	must(json.Unmarshal([]byte(line), &leaf) == nil && leaf.V == 1, "not an entry")
	j.version++
	must(leaf.Stream == j.id && leaf.Version == j.version, "event %d of the job is missing", j.version)
	must(j.end == nil, "an event follows the job's end")
	must((leaf.Type == "submitted") == (j.version == 1), "the submission is the first event, and no other")
	read := func(event any) { must(json.Unmarshal(leaf.Data, event) == nil, "not a %s", leaf.Type) }
	var o outcome
	switch leaf.Type {
	case "submitted":
		read(&j.request)
		must(len(j.request.Commitments) > 0, "nothing was asked for")
		must((j.request.RequestType == "cId") == (j.request.To != nil) && (j.request.To != nil || j.request.From == nil), "the request's range is none")
	case "scheduled":
		j.schedule(read)
	case "started":
		must(j.start == nil, "started twice")
		read(&j.start)
		must(j.runs(j.start.Attempt), "started in another attempt")
		asked, listed := j.request.From, j.start.From
		must((j.request.To != nil) == (listed != nil) && (asked == nil || asked.Equal(*listed)), "another range than the one that was requested")
	case "conversation_deleted":
		read(&o)
		must(j.runs(o.Attempt) && o.ConfirmedAbsent, "a deletion in another attempt, or unconfirmed")
		must(!leaf.At.Before(j.plan.Window.Opens) && leaf.At.Before(j.plan.Window.Closes), "deleted outside the window")
		j.settle(o, false)
		j.deleted++
		j.items.add(o.Items)
	case "conversation_skipped":
		read(&o)
		must(o.Reason != "retention" || j.start == nil || j.start.RetainedFrom != nil, "out of retention that has no end")
		j.settle(o, false)
		j.skipped[o.Reason]++
	case "failed":
		read(&o)
		must(j.runs(o.Attempt), "a failure in another attempt")
		if j.broken = o.Ordinal == nil; !j.broken {
			j.settle(o, true)
		}
	case "completed":
		read(&j.end)
		j.finish()
	}
}

func (j *job) runs(attempt int) bool { return j.plan != nil && j.plan.Attempt == attempt && !j.broken }

func (j *job) schedule(read func(any)) {
	before := 0
	if j.plan != nil {
		before = j.plan.Attempt
	}
	j.plan = nil // or members that are absent would keep the old plan's values
	read(&j.plan)
	retry := j.plan.Reason == "retry"
	must(retry == (before > 0 && j.plan.Attempt == before+1) && (retry || before == 0 && j.plan.Attempt == 1 || j.plan.Attempt == before), "a plan out of turn")
	must(!retry || j.broken || j.isDone() && len(j.failed) > 0, "a retry of nothing")
	must(!j.plan.PlannedAt.Before(j.plan.Window.Opens) && j.plan.PlannedAt.Before(j.plan.Window.Closes), "a plan outside its window")
	if before == 0 {
		j.failed, j.skipped = map[int64]bool{}, map[string]int64{}
	}
	if retry && j.start != nil {
		j.owed, j.failed = j.failed, map[int64]bool{}
	}
	j.broken = false
}

// isDone: every conversation has its outcome of this attempt.
func (j *job) isDone() bool {
	return j.start != nil && int64(len(j.outcomes)) == j.conversations() && len(j.owed) == 0
}

// settle takes the one outcome that a conversation has in an attempt: in the first pass in the list's order, in a retry for those that failed.
func (j *job) settle(o outcome, isFailure bool) {
	must(j.start != nil && o.Ordinal != nil, "an outcome before the start")
	ordinal := *o.Ordinal
	if done := int64(len(j.outcomes)); done < j.conversations() {
		must(ordinal == done, "the outcome of conversation %d is missing", done)
		j.outcomes = append(j.outcomes, o.Commitment)
	} else {
		must(j.owed[ordinal] && j.outcomes[ordinal] == o.Commitment, "conversation %d has an outcome too many", ordinal)
		delete(j.owed, ordinal)
	}
	if isFailure {
		j.failed[ordinal] = true
	}
}

func (j *job) finish() {
	failed := int64(len(j.failed) + len(j.owed))
	var skips int64
	for reason, count := range j.end.Skipped {
		must(j.skipped[reason] == count, "skipped conversations are miscounted")
		skips += count
	}
	must(len(j.end.Skipped) == len(j.skipped), "skipped conversations are miscounted")
	must(j.end.Conversations == j.conversations() && j.end.Deleted == j.deleted && j.end.Failed == failed && j.end.Items == j.items, "the last event's counts are not those of the outcomes")
	switch j.end.Outcome {
	case "completed":
		must(j.isDone() && failed == 0 && j.deleted+skips == j.conversations(), "not completed")
	case "failed":
		must(j.broken && j.start == nil || j.isDone() && failed > 0, "not failed")
	case "cancelled":
		must(j.end.UntouchedFrom != nil && *j.end.UntouchedFrom == int64(len(j.outcomes)), "cancelled elsewhere")
	default:
		must(false, "an outcome that is none")
	}
}

func (i *items) add(more items) {
	i.Messages += more.Messages
	i.Transcripts += more.Transcripts
	i.Recordings += more.Recordings
	i.Attachments += more.Attachments
	i.Logs += more.Logs
}
