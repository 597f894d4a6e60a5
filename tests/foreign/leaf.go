package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// leaf is one event, as the log holds it.
type leaf struct {
	Version      int64
	Stream, Type string
	At           time.Time
	Data         json.RawMessage
	unknown      []string // what a newer ledger wrote and this program does not know
}

const (
	maxInteger = 1<<53 - 1
	maxEntry   = 65535
	maxLevels  = 32
)

// readLeaf reads an entry, strictly: an event of a known type has exactly the members of that type.
func readLeaf(entry []byte) (l leaf) {
	must(len(entry) <= maxEntry, "an entry is too long")
	parsed := canonical(entry, maxLevels+1)
	form := shape{"at": isInstant, "data": isAny, "stream": isText, "type": isText, "v": isOne, "version": isPositive}
	must(matches(parsed, form), "not an entry")
	must(json.Unmarshal(entry, &l) == nil, "not an entry")
	l.unknown = unknownIn(l.Type, parsed.(map[string]any)["data"])
	return l
}

// read gives the event of a type whose members were looked at before.
func (l leaf) read(event any) { must(json.Unmarshal(l.Data, event) == nil, "not a %s", l.Type) }

type shape map[string]func(value any) bool

// shapes are the members of each event's data. A name that ends with '?': the member may be absent.
var shapes = map[string]shape{
	"submitted": {
		"bot": isText, "client": isText, "commitments": areHashes, "from?": isInstant, "requestType": isText, "to?": isInstant,
	},
	"case_recorded": {
		"basis?": isText, "dueOn?": isDay, "receivedOn?": isDay, "referenceCommitment?": isHash,
	},
	"deadline_extended": {"client": isText, "dueOn": isDay, "reason": isText},
	"scheduled":         {"attempt": isInt32, "plannedAt": isInstant, "reason": isText, "window": isWindow},
	"started": {
		"attempt": isInt32, "conversations": isCount, "from?": isInstant, "manifestRoot": isHash, "retainedFrom?": isInstant,
	},
	"conversation_deleted": {
		"attempt": isInt32, "commitment": isHash, "confirmedAbsent": isBoolean, "items": isItems, "ordinal": isInteger,
	},
	"conversation_skipped": {"commitment": isHash, "ordinal": isInteger, "reason": isText},
	"failed": {
		"attempt": isInt32, "commitment?": isHash, "ordinal?": isInteger, "reason": isText, "retriesRemaining": isInt32,
	},
	"completed": {
		"conversations": isInteger, "deleted": isInteger, "failed": isInteger, "items": isItems, "outcome": isText,
		"skipped": areIntegers, "untouchedFrom?": isInteger,
	},
}

var skipReasons = []string{"retention", "not_found", "already_erased", "legal_hold", "cancelled"}
var kinds = []string{"attachments", "logs", "messages", "recordings", "transcripts"}

// closed are the lists from which an event names a value, or members. A newer ledger's may be longer.
var closed = map[string]map[string][]string{
	"submitted": {"requestType": {"conversationIds", "cId"}},
	"case_recorded": {
		"basis": {"gdpr_17_1_a", "gdpr_17_1_b", "gdpr_17_1_c", "gdpr_17_1_d", "gdpr_17_1_e", "gdpr_17_1_f", "ccpa", "other"},
	},
	"scheduled":            {"reason": {"off_peak", "window_closed", "retry", "window_changed"}},
	"conversation_deleted": {"items": kinds},
	"conversation_skipped": {"reason": skipReasons},
	"failed":               {"reason": {"store_refused", "locked", "timeout", "not_confirmed", "list_unresolved"}},
	"completed":            {"outcome": {"completed", "failed", "cancelled"}, "skipped": skipReasons, "items": kinds},
}

// others are types that are known and no job's.
var others = []string{
	"bot_registered", "bot_changed", "client_granted", "grant_revoked", "client_registered", "client_secret_issued",
	"client_secret_retired", "client_revoked", "window_defined", "job_key_destroyed", "epoch_key_destroyed", "identifiers_disclosed",
	"origin_opened", "erased_conversations_imported", "webhook_disabled", "job_cancelled",
	"deletions_paused", "deletions_resumed", "legal_hold_placed", "legal_hold_disclosed", "legal_hold_ended",
	"ledger_audit_granted", "ledger_audit_revoked", "bot_limits_set",
}

// unknownIn says what of an event a newer ledger must have written.
func unknownIn(kind string, data any) (unknown []string) {
	must(!contains(others, kind), "%q is not an event of a job", kind)
	if shapes[kind] == nil {
		return []string{"the event type " + plain(kind)}
	}
	must(matches(data, shapes[kind]), "not a %s", kind)
	members := data.(map[string]any)
	_, hasOrdinal := members["ordinal"]
	_, hasCommitment := members["commitment"]
	must(kind != "failed" || hasOrdinal == hasCommitment, "not a %s", kind)
	for member, known := range closed[kind] {
		names := []string{}
		if text, isText := members[member].(string); isText {
			names = append(names, text)
		} else {
			names = namesOf(members[member])
		}
		for _, name := range names {
			if !contains(known, name) {
				unknown = append(unknown, fmt.Sprintf("the value %s of '%s.%s'", plain(name), kind, member))
			}
		}
	}
	sort.Strings(unknown)
	return unknown
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// plain quotes a name that can be taken for nothing else.
func plain(name string) string {
	if plainName.MatchString(name) {
		return "'" + name + "'"
	}
	return "(not a plain name)"
}

func matches(value any, members shape) bool {
	object, isObject := value.(map[string]any)
	if !isObject {
		return false
	}
	for name, is := range members {
		member, isThere := object[strings.TrimSuffix(name, "?")]
		if isThere && !is(member) || !isThere && !strings.HasSuffix(name, "?") {
			return false
		}
	}
	for name := range object {
		if members[name] == nil && members[name+"?"] == nil {
			return false
		}
	}
	return true
}

func isAny(any) bool { return true }

func isText(value any) bool {
	_, is := value.(string)
	return is
}

func isBoolean(value any) bool {
	_, is := value.(bool)
	return is
}

// integer: canonical JSON has no other numbers.
func integer(value any) (int64, bool) {
	number, is := value.(json.Number)
	if !is {
		return 0, false
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	return n, err == nil
}

func isInteger(value any) bool {
	_, is := integer(value)
	return is
}

func isCount(value any) bool {
	n, is := integer(value)
	return is && n >= 0
}

func isPositive(value any) bool {
	n, is := integer(value)
	return is && n > 0
}

func isOne(value any) bool {
	n, is := integer(value)
	return is && n == 1
}

func isInt32(value any) bool {
	n, is := integer(value)
	return is && n == int64(int32(n))
}

func isHash(value any) bool {
	text, is := value.(string)
	decoded, err := decodeBase64(text)
	return is && err == nil && len(decoded) == 32
}

func areHashes(value any) bool {
	list, is := value.([]any)
	for _, item := range list {
		is = is && isHash(item)
	}
	return is
}

func areIntegers(value any) bool {
	object, is := value.(map[string]any)
	for _, member := range object {
		is = is && isInteger(member)
	}
	return is
}

// isItems: the five kinds, and whatever kinds a newer ledger counts.
func isItems(value any) bool {
	object, is := value.(map[string]any)
	for _, kind := range kinds {
		is = is && isCount(object[kind])
	}
	for _, count := range object {
		is = is && isCount(count)
	}
	return is
}

func isWindow(value any) bool {
	return matches(value, shape{"closes": isInstant, "cron": isText, "name": isText, "opens": isInstant, "timeZone": isText})
}

// isInstant: such as 2026-05-08T06:22:56.097Z, and no other spelling.
func isInstant(value any) bool {
	text, is := value.(string)
	const form = "2006-01-02T15:04:05.000Z"
	instant, err := time.Parse(form, text)
	return is && err == nil && instant.Year() > 0 && instant.Format(form) == text
}

// isDay: such as 2026-05-08, and no other spelling.
func isDay(value any) bool {
	text, is := value.(string)
	const form = "2006-01-02"
	day, err := time.Parse(form, text)
	return is && err == nil && day.Year() > 0 && day.Format(form) == text
}

// isIdentifier: 1 to 128 code points, not blank, no control characters.
func isIdentifier(text string) bool {
	return utf8.RuneCountInString(text) <= 128 && strings.TrimFunc(text, unicode.IsSpace) != "" &&
		strings.IndexFunc(text, unicode.IsControl) < 0
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}
