using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Checkers;

/// <summary>Records that the log holds and signed, and that no ledger writes, of any version.</summary>
internal static class ForgedProofs
{
    /// <summary>Where the jobs' last events are.</summary>
    private const int RetriedsEnd = 8, CancelledsEnd = 5;

    private static readonly int s_failedsEnd = HonestProofs.Failed.Stored.Count - 1;

    public static async Task<IReadOnlyList<OddProof>> CountsAsync()
    {
        var proofs = new List<OddProof>();
        foreach (var (name, job) in SkipCounts().Concat(OtherCounts()).Concat(Untouched()))
            proofs.Add(new OddProof(name, Verdict.DoesNotHold, await job.FileAsync()));
        return proofs;
    }

    private static IEnumerable<(string Name, SampleJob Job)> SkipCounts()
    {
        foreach (
            var (name, job, end) in new[] { ("retried", HonestProofs.Retried, RetriedsEnd), ("failed", HonestProofs.Failed, s_failedsEnd) })
        {
            foreach (var counts in new[]
            {
                """{"retention":0}""", """{"retention":1}""", """{"already_erased":1,"retention":0}""", """{"already_erased":0}""",
                """{"already_erased":-1}""", """{"already_erased":2}""", """{"already_erased":2,"retention":-1}""", "{}", "null", "[]", "1",
                """{"already_erased":"1"}""", """{"already_erased":null}""",
                """{"already_erased":true}""", """{"already_erased":[1]}""", """{"not_found":0,"retention":0}""",
            })
            {
                yield return ($"{name}: skipped {counts}", job.With(end, "skipped", counts));
            }
            yield return ($"{name}: no skipped", job.Without(end, "skipped"));
        }
        yield return ("erased: skipped {\"retention\":0}", SampleJobs.Of(3, false, []).With(6, "skipped", """{"retention":0}"""));
        yield return ("cancelled: skipped {\"cancelled\":0}", HonestProofs.Cancelled.With(CancelledsEnd, "skipped", """{"cancelled":0}"""));
        yield return (
            "cancelled: skipped what was not touched",
            HonestProofs.Cancelled.With(CancelledsEnd, "skipped", """{"cancelled":5}""")
        );
    }

    private static IEnumerable<(string Name, SampleJob Job)> OtherCounts()
    {
        foreach (var member in new[] { "conversations", "deleted", "failed" })
        {
            foreach (var value in new[] { "7", "-1", "-3", "null", "\"3\"", "9007199254740991", "true" })
                yield return ($"{member} {value}", HonestProofs.Retried.With(RetriedsEnd, member, value));
            yield return ($"no {member}", HonestProofs.Retried.Without(RetriedsEnd, member));
        }
        foreach (var (name, at) in new[] { ("the end's", RetriedsEnd), ("a deletion's", 3) })
        {
            foreach (var kind in new[] { "messages", "transcripts", "recordings", "attachments", "logs" })
            {
                foreach (var value in new[] { "77", "-1", "null", "\"1\"" })
                    yield return (
                        $"{name} {kind} {value}",
                        HonestProofs.Retried.With(at, data => data["items"]![kind] = System.Text.Json.Nodes.JsonNode.Parse(value)));
                yield return (
                    $"{name} items without {kind}", HonestProofs.Retried.With(at, data => data["items"]!.AsObject().Remove(kind)));
            }
            foreach (var value in new[] { "null", "{}", "[]", "7" })
                yield return ($"{name} items {value}", HonestProofs.Retried.With(at, "items", value));
            yield return ($"{name} items are missing", HonestProofs.Retried.Without(at, "items"));
        }
        yield return ("more items than can be", HonestProofs.Retried.With(3, data => data["items"]!["messages"] = 9007199254740991L));
    }

    private static IEnumerable<(string Name, SampleJob Job)> Untouched()
    {
        foreach (var value in new[] { "1", "3", "7", "-1", "null", "\"2\"" })
            yield return ($"cancelled: untouched from {value}", HonestProofs.Cancelled.With(CancelledsEnd, "untouchedFrom", value));
        yield return ("cancelled: untouched from nowhere", HonestProofs.Cancelled.Without(CancelledsEnd, "untouchedFrom"));
        foreach (var value in new[] { "0", "3", "null" })
            yield return ($"completed: untouched from {value}", HonestProofs.Retried.With(RetriedsEnd, "untouchedFrom", value));
    }

    /// <summary>Bounds, order, and what each event must have.</summary>
    public static async Task<IReadOnlyList<OddProof>> HistoriesAsync()
    {
        var proofs = new List<OddProof>();
        foreach (var (name, job) in Bounds().Concat(Orders()).Concat(Spellings()).Concat(Cases()))
            proofs.Add(new OddProof(name, Verdict.DoesNotHold, await job.FileAsync(isDisclosed: false)));
        return proofs;
    }

    private static IEnumerable<(string Name, SampleJob Job)> Bounds()
    {
        var job = HonestProofs.Retried;
        foreach (var value in new[] { "-3", "0", "2", "5", "null", "\"1\"", "2147483648" })
        {
            foreach (var (what, at) in new[] { ("a plan's", 1), ("the start's", 2), ("a deletion's", 3), ("a failure's", 5) })
                yield return ($"{what} attempt {value}", job.With(at, "attempt", value));
        }
        foreach (var value in new[] { "-1", "1", "7", "null", "9007199254740991" })
        {
            yield return ($"a deletion's ordinal {value}", job.With(3, "ordinal", value));
            yield return ($"a retried ordinal {value}", job.With(7, "ordinal", value));
        }
        yield return ("a skip's ordinal -1", job.With(4, "ordinal", "-1"));
        foreach (var value in new[] { "2", "4", "-1", "null" })
            yield return ($"retries remaining {value}", job.With(5, "retriesRemaining", value));
        foreach (var value in new[] { "0", "2", "-3", "null" })
            yield return ($"a list of {value}", job.With(2, "conversations", value));
        yield return ("a list of nothing, and a cId", HonestProofs.Cancelled.With(2, "conversations", "-1"));
        var fifth = HonestProofs.Failed.Stored[s_failedsEnd - 2].Data.Replace("\"attempt\":4", "\"attempt\":5", StringComparison.Ordinal);
        yield return ("a fifth attempt", HonestProofs.Failed.Adding(s_failedsEnd, "scheduled", fifth));
        yield return (
            "the same asked for twice", job.With(0, data => data["commitments"]![1] = data["commitments"]![0]!.GetValue<string>()));
        yield return ("nothing asked for", job.With(0, "commitments", "[]"));
        yield return ("by ids, with an end", job.With(0, "to", "\"2026-05-08T18:00:00.000Z\""));
        yield return ("by a cId, without an end", HonestProofs.Cancelled.Without(0, "to"));
        yield return (
            "an end before the beginning",
            HonestProofs.Cancelled.With(0, "from", "\"2026-05-09T18:00:00.000Z\"").With(2, "from", "\"2026-05-09T18:00:00.000Z\""));
    }

    /// <summary>Of the case, which is the second event, and its deadline, which is extended by the eighth.</summary>
    private static IEnumerable<(string Name, SampleJob Job)> Cases()
    {
        var (job, at, extended) = (SampleJobs.Case, 1, 7);
        foreach (var value in new[]
        {
            "\"2026-5-02\"", "\"2026-02-30\"", "\"0000-01-01\"", "\"2026-05-02T00:00:00.000Z\"", "null", "20260502",
        })
        {
            foreach (var member in new[] { "receivedOn", "dueOn" })
                yield return ($"a case with {member} {value}", job.With(at, member, value));
            yield return ($"extended to {value}", job.With(extended, "dueOn", value));
        }
        foreach (var value in new[] { "null", "1", "\"AAAA\"" })
            yield return ($"a case with the commitment {value}", job.With(at, "referenceCommitment", value));
        yield return ("a case with the basis null", job.With(at, "basis", "null"));
        yield return ("a case that says nothing", job.With(at, data => data.Clear()));
        yield return ("a case due before it was received", job.With(at, "dueOn", "\"2026-05-01\""));
        yield return ("a case without a receipt, with its reference", job.Without(at, "receivedOn").With(at, "reference", "\"DSAR-7\""));
        foreach (var value in new[] { "\"2026-06-02\"", "\"2026-06-01\"", "\"2025-12-31\"" })
            yield return ($"extended to {value}", job.With(extended, "dueOn", value));
        yield return ("extended to a day before the receipt", job.Without(at, "dueOn").With(extended, "dueOn", "\"2026-05-01\""));
        foreach (var member in new[] { "client", "dueOn", "reason" })
            yield return ($"extended without {member}", job.Without(extended, member));
        yield return ("a case twice", job.Twice(at));
        yield return ("extended twice to one day", job.Twice(extended));
        yield return ("extended without a case", job.Dropping(at));
        yield return ("a case in the third place", job.Dropping(at).Adding(2, job.Stored[at].Type, job.Stored[at].Data));
        yield return ("extended before the case", job.Dropping(extended).Adding(at, job.Stored[extended].Type, job.Stored[extended].Data));
        yield return (
            "extended after the end", job.Dropping(extended).Adding(10, job.Stored[extended].Type, job.Stored[extended].Data));
    }

    private static IEnumerable<(string Name, SampleJob Job)> Orders()
    {
        var job = HonestProofs.Retried;
        for (var at = 0; at < job.Stored.Count; at++)
        {
            yield return ($"event {at} after the end", job.Adding(job.Stored.Count, job.Stored[at].Type, job.Stored[at].Data));
            yield return ($"event {at} twice", job.Twice(at));
            yield return ($"event {at} was never recorded", job.Dropping(at));
        }
        yield return ("a plan that is another first plan", job.With(6, "reason", "\"off_peak\""));
        yield return ("a retry without a reason for it", job.With(6, "reason", "\"window_closed\""));
        yield return ("a first plan that says why a later one was made", job.With(1, "reason", "\"window_closed\""));
        yield return (
            "a failure of the whole attempt behind the start",
            job.With(
                5,
                data =>
                {
                    data.Remove("ordinal");
                    data.Remove("commitment");
                }
            )
        );
        yield return ("ended as failed", job.With(RetriedsEnd, "outcome", "\"failed\""));
        yield return ("a retry that was begun and not settled", SampleJobs.Of(2, true, [3, 3, 1, 1]).Dropping(7)
            .With(7, "outcome", "\"cancelled\"").With(7, "untouchedFrom", "2").With(7, "deleted", "1").With(7, "failed", "1"));
    }

    /// <summary>Another spelling of what was signed is another text, and nobody writes it.</summary>
    private static IEnumerable<(string Name, SampleJob Job)> Spellings()
    {
        var job = HonestProofs.Retried;
        yield return ("a count twice", job.Entry(RetriedsEnd, "\"deleted\":2", "\"deleted\":2,\"deleted\":2"));
        yield return ("a reason twice", job.Entry(RetriedsEnd, "\"already_erased\":1", "\"already_erased\":1,\"already_erased\":1"));
        yield return ("a kind twice", job.Entry(3, "\"logs\":2", "\"logs\":2,\"logs\":2"));
        yield return ("the type twice", job.Entry(3, "\"type\":", "\"type\":\"conversation_deleted\",\"type\":"));
        yield return ("the version twice", job.Entry(3, "\"version\":4", "\"version\":4,\"version\":4"));
        yield return ("white space", job.Entry(3, "\"ordinal\":0", "\"ordinal\": 0"));
        yield return ("a fraction", job.Entry(3, "\"ordinal\":0", "\"ordinal\":0.0"));
        yield return ("an exponent", job.Entry(3, "\"attempt\":1", "\"attempt\":1e0"));
        yield return ("a negative zero", job.Entry(3, "\"ordinal\":0", "\"ordinal\":-0"));
        yield return ("an escape that is not needed", job.Entry(0, "\"st-1\"", "\"\\u0073t-1\""));
        yield return ("half of a surrogate pair", job.Entry(0, "\"st-1\"", "\"\\ud800\""));
        yield return ("another case", job.Entry(3, "\"ordinal\":", "\"Ordinal\":"));
        yield return ("null instead of absent", job.With(0, "from", "null"));
        yield return ("another instant's spelling", job.Entry(3, ".000Z\",\"data\"", "Z\",\"data\""));
        yield return ("another format version", job.Entry(3, "\"v\":1", "\"v\":2"));
        yield return (
            "base64 with bits that mean nothing",
            job.With(3, data => data["commitment"] = data["commitment"]!.GetValue<string>()[..^2] + "B="));
        foreach (var at in Enumerable.Range(0, job.Stored.Count))
            yield return ($"a member too many in event {at}", job.With(at, "note", "1"));
        foreach (var at in Enumerable.Range(0, job.Stored.Count))
        {
            foreach (var member in System.Text.Json.Nodes.JsonNode.Parse(job.Stored[at].Data)!.AsObject().Select(member => member.Key))
            {
                if (member != "retainedFrom") // it may be absent
                    yield return ($"event {at} without {member}", job.Without(at, member));
                yield return ($"event {at} with {member} null", job.With(at, member, "null"));
            }
        }
    }

    /// <summary>One conversation's file shows nothing of the job but this: it must be possible in some job.</summary>
    public static async Task<IReadOnlyList<OddProof>> ConversationsAsync()
    {
        var job = HonestProofs.Retried;
        var proofs = new List<OddProof>();
        async Task AddAsync(string name, SampleJob odd, int at, int? disclosed = null) =>
            proofs.Add(new OddProof(name, Verdict.DoesNotHold, await odd.OneAsync(at, disclosed)));
        foreach (var value in new[] { "-3", "0", "2", "5", "null" })
            await AddAsync($"attempt {value}", job.With(3, "attempt", value), 3, 0);
        foreach (var value in new[] { "-1", "1", "77", "null", "9007199254740991" })
            await AddAsync($"ordinal {value}", job.With(3, "ordinal", value), 3);
        foreach (var value in new[] { "2", "-1", "4" })
            await AddAsync($"retries remaining {value}", job.With(5, "retriesRemaining", value), 5, 2);
        await AddAsync("a skip's ordinal -1", job.With(4, "ordinal", "-1"), 4, 1);
        await AddAsync("a skip before there could be one", job.With(4, "ordinal", "2"), 4);
        await AddAsync("not confirmed", job.With(3, "confirmedAbsent", "false"), 3, 0);
        await AddAsync("perhaps confirmed", job.With(3, "confirmedAbsent", "null"), 3, 0);
        await AddAsync("fewer items than none", job.With(3, data => data["items"]!["logs"] = -1), 3, 0);
        await AddAsync("no items", job.With(3, "items", "null"), 3, 0);
        await AddAsync("a member too many", job.With(3, "note", "1"), 3, 0);
        await AddAsync("a member twice", job.Entry(3, "\"ordinal\":0", "\"ordinal\":0,\"ordinal\":0"), 3, 0);
        await AddAsync("another conversation", job, 3, 1);
        await AddAsync("the failure of a whole attempt", SampleJobs.Unresolved(), 2);
        await AddAsync("a registry's event", job.Adding(4, "client_revoked", """{"actor":"ada","client":"cs-1"}"""), 4);
        foreach (var at in new[] { 0, 1, 2, 6, RetriedsEnd })
            await AddAsync($"event {at} is no outcome", job, at);
        await AddAsync("an outcome at the stream's beginning", job.Replacing(0, job.Stored[3].Type, job.Stored[3].Data), 0);
        return proofs;
    }
}
