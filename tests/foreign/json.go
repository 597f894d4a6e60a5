package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// canonical reads JSON that must be in RFC 8785's form: a member named twice, or any other spelling, is not what is written again.
func canonical(text []byte, levels int) (value any) {
	must(utf8.Valid(text), "not UTF-8")
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	must(decoder.Decode(&value) == nil, "not JSON")
	var again bytes.Buffer
	write(&again, value, levels)
	must(bytes.Equal(again.Bytes(), text), "JSON that is not in its canonical form")
	return value
}

var integers = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,15})$`)

func write(to *bytes.Buffer, value any, levels int) {
	switch v := value.(type) {
	case string:
		writeText(to, v)
	case json.Number:
		n, _ := strconv.ParseInt(string(v), 10, 64)
		must(integers.MatchString(string(v)) && n <= maxInteger && n >= -maxInteger, "a number that is no integer below 2^53")
		to.WriteString(string(v))
	case []any:
		must(levels > 0, "JSON nested too deep")
		for i, item := range v {
			to.WriteString(separator("[", i))
			write(to, item, levels-1)
		}
		to.WriteString(ending("[]", len(v)))
	case map[string]any:
		must(levels > 0, "JSON nested too deep")
		for i, name := range namesOf(v) {
			to.WriteString(separator("{", i))
			writeText(to, name)
			to.WriteByte(':')
			write(to, v[name], levels-1)
		}
		to.WriteString(ending("{}", len(v)))
	default: // true, false, null
		text, _ := json.Marshal(v)
		to.Write(text)
	}
}

func separator(begin string, i int) string {
	if i == 0 {
		return begin
	}
	return ","
}

func ending(both string, count int) string {
	if count == 0 {
		return both
	}
	return both[1:]
}

// namesOf sorts by UTF-16 code units.
func namesOf(object any) (names []string) {
	members, _ := object.(map[string]any)
	for name := range members {
		names = append(names, name)
	}
	sort.Slice(names, func(a, b int) bool {
		left, right := utf16.Encode([]rune(names[a])), utf16.Encode([]rune(names[b]))
		for i := 0; i < len(left) && i < len(right); i++ {
			if left[i] != right[i] {
				return left[i] < right[i]
			}
		}
		return len(left) < len(right)
	})
	return names
}

func writeText(to *bytes.Buffer, text string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	to.WriteByte('"')
	for _, c := range text {
		if escape := short[c]; escape != "" {
			to.WriteString(escape)
		} else if c < 0x20 {
			fmt.Fprintf(to, `\u%04x`, c)
		} else {
			to.WriteRune(c)
		}
	}
	to.WriteByte('"')
}
