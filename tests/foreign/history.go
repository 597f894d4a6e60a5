package main

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// hash32 is a commitment: 32 bytes, base64 in JSON.
type hash32 = tlog.Hash

// history is what the events of a job say, if each is one that can come next.
type history struct {
	version  int64
	request  *submitted
	behind   *caseRecorded
	dueOn    string // the latest deadline of the case; empty: there is none
	plan     *scheduled
	start    *started
	end      *completed
	outcomes []hash32       // commitments by ordinal, as far as there are outcomes
	failed   map[int64]bool // their latest outcome is a failure
	owed     map[int64]bool // failed in the attempt before, and not tried again in this one
	last     int64          // the ordinal that a retry tried last
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

// caseRecorded is the case behind a job. Days compare as text, and an empty one was not told.
type caseRecorded struct{ DueOn, ReceivedOn, Basis, ReferenceCommitment string }

type deadlineExtended struct{ DueOn string }

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
	Commitment       hash32
	Ordinal          *int64
	Attempt          int
	Items            items
	ConfirmedAbsent  bool
	Reason           string
	RetriesRemaining int
}

type completed struct {
	Outcome                        string
	Conversations, Deleted, Failed int64
	Skipped                        map[string]int64
	Items                          items
	UntouchedFrom                  *int64
}

type items struct{ Messages, Transcripts, Recordings, Attachments, Logs int64 }

const (
	maxAttempts = 4
	maxIds      = 100
)

func newHistory() *history {
	return &history{failed: map[int64]bool{}, owed: map[int64]bool{}, skipped: map[string]int64{}, last: -1}
}

func (h *history) conversations() int64 {
	if h.start == nil {
		return 0
	}
	return h.start.Conversations
}

// next counts an event, of whatever type.
func (h *history) next(l leaf) {
	h.version++
	must(l.Version == h.version, "event %d of the job is missing", h.version)
	must(h.end == nil, "an event follows the job's end")
	must((l.Type == "submitted") == (h.version == 1), "the submission is the first event, and no other")
}

// apply takes the job's next event, which must be one that can come next.
func (h *history) apply(l leaf) {
	h.next(l)
	var o outcome
	switch l.Type {
	case "submitted":
		l.read(&h.request)
		h.request.check()
	case "case_recorded":
		must(h.version == 2, "a case that is not the second event")
		l.read(&h.behind)
		must(*h.behind != caseRecorded{}, "a case that says nothing")
		must(h.behind.DueOn == "" || h.behind.DueOn >= h.behind.ReceivedOn, "due before it was received")
		h.dueOn = h.behind.DueOn
	case "deadline_extended":
		var extended deadlineExtended
		l.read(&extended)
		must(h.behind != nil, "a later deadline without a case")
		must(extended.DueOn > h.dueOn && (h.dueOn != "" || extended.DueOn >= h.behind.ReceivedOn), "a deadline that is not later")
		h.dueOn = extended.DueOn
	case "scheduled":
		var plan scheduled
		l.read(&plan)
		h.schedule(&plan)
	case "started":
		must(h.start == nil, "started twice")
		l.read(&h.start)
		h.begin()
	case "conversation_deleted":
		l.read(&o)
		must(h.runs(o.Attempt), "a deletion in another attempt")
		h.settle(o, false)
		must(o.ConfirmedAbsent, "a deletion that was not confirmed")
		must(!l.At.Before(h.plan.Window.Opens) && l.At.Before(h.plan.Window.Closes), "deleted outside the window")
		h.deleted++
		h.items.add(o.Items)
	case "conversation_skipped":
		l.read(&o)
		must(o.Reason != "retention" || h.start == nil || h.start.RetainedFrom != nil, "out of retention that has no end")
		h.settle(o, false)
		h.skipped[o.Reason]++
	case "failed":
		l.read(&o)
		must(h.runs(o.Attempt) && o.RetriesRemaining == maxAttempts-o.Attempt, "a failure in another attempt, or with other retries left")
		if o.Ordinal != nil {
			h.settle(o, true)
		} else {
			must(h.start == nil, "the whole attempt failed although the list was there")
			h.broken = true
		}
	case "completed":
		l.read(&h.end)
		h.finish()
	}
}

// check: one cId and the end of a range, or 1 to 100 different ids.
func (s *submitted) check() {
	different := map[hash32]bool{}
	for _, commitment := range s.Commitments {
		different[commitment] = true
	}
	must(len(different) == len(s.Commitments), "the same was asked for twice")
	if s.RequestType == "cId" {
		must(len(different) == 1 && s.To != nil && (s.From == nil || !s.From.After(*s.To)), "not a request by one cId for a range")
	} else {
		must(len(different) >= 1 && len(different) <= maxIds && s.From == nil && s.To == nil, "not a request by 1 to 100 ids")
	}
}

func (h *history) runs(attempt int) bool {
	return h.plan != nil && h.plan.Attempt == attempt && !h.broken
}

func (h *history) schedule(plan *scheduled) {
	isInPlace := false
	switch plan.Reason {
	case "off_peak":
		isInPlace = h.plan == nil && plan.Attempt == 1
	case "window_closed", "window_changed":
		isInPlace = h.plan != nil && plan.Attempt == h.plan.Attempt && !h.broken
	case "retry":
		isInPlace = h.plan != nil && plan.Attempt == h.plan.Attempt+1 && plan.Attempt <= maxAttempts &&
			(h.broken || h.isDone() && len(h.failed) > 0)
	}
	must(isInPlace, "a plan out of turn")
	must(!plan.PlannedAt.Before(plan.Window.Opens) && plan.PlannedAt.Before(plan.Window.Closes), "a plan outside its window")
	if plan.Reason == "retry" && h.start != nil {
		h.owed, h.failed, h.last = h.failed, map[int64]bool{}, -1
	}
	h.plan, h.broken = plan, false
}

// begin: the list is that of the range, or of the ids, that was asked for.
func (h *history) begin() {
	must(h.runs(h.start.Attempt), "started in another attempt")
	asked, listed := h.request.From, h.start.From
	isByCId := h.request.RequestType == "cId"
	must(isByCId == (listed != nil) && (asked == nil || asked.Equal(*listed)), "another range than the one that was requested")
	if !isByCId {
		root := rootOf(h.request.Commitments)
		must(root == h.start.ManifestRoot && int64(len(h.request.Commitments)) == h.conversations(), "the list is not what was asked for")
	}
}

// isDone: every conversation has its outcome of this attempt.
func (h *history) isDone() bool { return h.start != nil && !h.isFirstPass() && len(h.owed) == 0 }

func (h *history) isFirstPass() bool { return int64(len(h.outcomes)) < h.conversations() }

// settle takes the one outcome that a conversation has in an attempt: in the first pass in the list's order, in a retry for those that
// failed.
func (h *history) settle(o outcome, isFailure bool) {
	must(h.start != nil && o.Ordinal != nil, "an outcome before the start")
	ordinal := *o.Ordinal
	if h.isFirstPass() {
		must(ordinal == int64(len(h.outcomes)), "the outcome of conversation %d is missing", len(h.outcomes))
		h.outcomes = append(h.outcomes, o.Commitment)
	} else {
		must(h.owed[ordinal] && ordinal > h.last && h.outcomes[ordinal] == o.Commitment, "conversation %d has an outcome too many", ordinal)
		delete(h.owed, ordinal)
		h.last = ordinal
	}
	if isFailure {
		h.failed[ordinal] = true
	}
}

func (h *history) finish() {
	must(len(h.end.Skipped) == len(h.skipped), "skipped conversations are miscounted")
	for reason, count := range h.end.Skipped {
		must(count > 0 && h.skipped[reason] == count, "skipped conversations are miscounted")
	}
	failed := int64(len(h.failed) + len(h.owed))
	must(h.end.Conversations == h.conversations() && h.end.Deleted == h.deleted && h.end.Failed == failed && h.end.Items == h.items,
		"the last event's counts are not those of the outcomes")
	switch h.end.Outcome {
	case "completed":
		must(h.isDone() && failed == 0 && h.end.UntouchedFrom == nil, "not completed")
	case "failed":
		must((h.broken && h.start == nil || h.isDone() && failed > 0) && h.end.UntouchedFrom == nil, "not failed")
	case "cancelled":
		// A retry that was begun is settled before the end.
		isBegun := h.last >= 0 && len(h.owed) > 0
		must(h.end.UntouchedFrom != nil && *h.end.UntouchedFrom == int64(len(h.outcomes)) && (h.isFirstPass() || !isBegun), "cancelled elsewhere")
	default:
		must(false, "an outcome that is none")
	}
}

func (i *items) add(more items) {
	for _, kind := range []struct {
		sum *int64
		by  int64
	}{
		{&i.Messages, more.Messages}, {&i.Transcripts, more.Transcripts}, {&i.Recordings, more.Recordings},
		{&i.Attachments, more.Attachments}, {&i.Logs, more.Logs},
	} {
		*kind.sum += kind.by
		must(*kind.sum <= maxInteger, "more items than can be")
	}
}

// outOfPlace says why no job has such an outcome, whatever else happened in it: a conversation's proof shows nothing of the rest.
// Before the outcome of ordinal N come the submission, a plan, the start and N outcomes, and two more events for each attempt before.
func (l leaf) outOfPlace() error {
	var o outcome
	l.read(&o)
	attempt := o.Attempt
	if l.Type == "conversation_skipped" {
		attempt = 1 // it names none
	}
	switch {
	case o.Ordinal == nil:
		return fmt.Errorf("it is the failure of a whole attempt")
	case l.Type == "conversation_deleted" && !o.ConfirmedAbsent:
		return fmt.Errorf("the deletion was not confirmed")
	case attempt < 1 || attempt > maxAttempts || *o.Ordinal < 0 || l.Version < 4+*o.Ordinal+2*int64(attempt-1):
		return fmt.Errorf("no job has such an outcome in this place")
	case l.Type == "failed" && o.RetriesRemaining != maxAttempts-attempt:
		return fmt.Errorf("not so many retries can be left")
	}
	return nil
}
