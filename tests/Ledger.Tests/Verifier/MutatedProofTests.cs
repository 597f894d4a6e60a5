using System.Text;
using System.Text.Json.Nodes;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.SystemTests;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Verifier;

/// <summary>The two checkers agree on proofs that were changed at random: each a different one, the same ones in every run.</summary>
[Trait("cost", "slow")]
public sealed class MutatedProofTests
{
    private static readonly SampleJob[] s_jobs =
    [
        SampleJobs.Retried, SampleJobs.Of(3, true, [3, 2, 3]), SampleJobs.Of(7, true, [1, 1, 4]), SampleJobs.Unresolved(),
        SampleJobs.CancelledAtOnce(), SampleJobs.Of(0, true, []),
    ];

    [SkippableFact]
    public async Task A_golden_proof_with_a_byte_or_a_line_changed()
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var golden = new[] { "job.erasure-proof", "conversation.tlog-proof" }
            .Select(name => File.ReadAllBytes(Path.Combine(SourceTree.Root, "tests/Ledger.Tests/Golden", name)))
            .ToArray();
        var results = new List<CheckedProof>();
        foreach (var proof in golden)
            results.Add(await Checked.RunAsync(proof));
        Assert.All(results, result => Assert.Null(result.Problem));
        for (var i = 0; i < 600; i++)
            results.Add(
                await Checked.RunAsync(
                    Chance.Of(i) is var chance && chance.Below(4) == 0 ? ChangeLines(golden[i % 2], chance) : chance.Change(golden[i % 2]))
            );
        Assert.True(results.Count(result => result.Problem is not null) > 585);
        await BothVerifiers.AgreeAsync(results);
    }

    /// <summary>
    /// Where the log is signed over the change, what the event says is all that can give it away; or it is no lie, and the proof holds.
    /// </summary>
    [SkippableFact]
    public async Task An_event_with_a_member_changed_and_the_log_signed_anew()
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var results = new List<CheckedProof>();
        for (var i = 0; i < 600; i++)
        {
            var chance = Chance.Of(i);
            var job = s_jobs[chance.Below(s_jobs.Length)];
            var at = chance.Below(job.Stored.Count);
            var stored = job.Stored.Select((e, place) => place == at ? ChangeEvent(e, chance) : e).ToArray();
            await AddAsync(results, new SampleJob(job.Events) { Id = job.Id, Stored = stored }, at, chance);
        }
        Assert.InRange(results.Count(result => result.Problem is null), 30, results.Count - 150);
        await BothVerifiers.AgreeAsync(results);
    }

    [SkippableFact]
    public async Task An_entry_with_a_byte_changed_and_the_log_signed_anew()
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var results = new List<CheckedProof>();
        for (var i = 0; i < 500; i++)
        {
            var chance = Chance.Of(i);
            var job = s_jobs[chance.Below(s_jobs.Length)];
            var at = chance.Below(job.Stored.Count);
            // A line's end would be another line: such an entry cannot be in a proof's text.
            var entries = job
                .Entries.Select((entry, place) => place == at ? [.. chance.Change(entry).Where(octet => octet != '\n')] : entry)
                .ToArray();
            await AddAsync(results, new SampleJob(job.Events) { Id = job.Id, Entries = entries }, at, chance);
        }
        Assert.InRange(results.Count(result => result.Problem is null), 6, results.Count - 160);
        await BothVerifiers.AgreeAsync(results);
    }

    /// <summary>A type that only the service knew would be told as unknown by the browser, and accepted.</summary>
    [SkippableFact]
    public async Task An_event_of_each_known_type_where_it_does_not_belong()
    {
        Requires.That(BrowserVerifier.IsInstalled, BrowserVerifier.Missing);
        var results = new List<CheckedProof>();
        foreach (var type in EventType.All)
            results.Add(
                await Checked.RunAsync(
                    Encoding.UTF8.GetBytes(await ProofLog.Of(SampleJobs.Retried.Inserting(4, type.Name, "{}"), []).JobProofAsync()))
            );
        Assert.All(results, result => Assert.NotNull(result.Problem));
        await BothVerifiers.AgreeAsync(results);
    }

    /// <summary>The proof of the job, or of the changed event alone.</summary>
    private static async Task AddAsync(List<CheckedProof> results, SampleJob job, int at, Chance chance)
    {
        try
        {
            var log = ProofLog.Of(job, [1, 0, chance.Below(3)]);
            var disclosure = chance.Below(2) == 0 ? null : SampleJob.Disclose(IdentifierKind.Conversation, 0) with { Ordinal = null };
            results.Add(
                await Checked.RunAsync(
                    Encoding.UTF8.GetBytes(
                        chance.Below(2) == 0
                            ? await log.JobProofAsync(isDisclosed: false)
                            : await log.ConversationProofAsync(at + 1, disclosure)
                    )
                )
            );
        }
        catch (FormatException)
        {
            // No leaf can hold that.
        }
    }

    private static byte[] ChangeLines(byte[] text, Chance chance)
    {
        var lines = Encoding.UTF8.GetString(text).Split('\n').ToList();
        var (at, other) = (chance.Below(lines.Count), chance.Below(lines.Count));
        var line = lines[at];
        switch (chance.Below(4))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(other, line);
                break;
            case 2:
                (lines[at], lines[other]) = (lines[other], line);
                break;
            default:
                lines[at] = lines[other];
                break;
        }
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private static (string Type, string Data, DateTimeOffset At) ChangeEvent(
        (string Type, string Data, DateTimeOffset At) stored, Chance chance)
    {
        switch (chance.Below(12))
        {
            case 0:
                return stored with
                {
                    Type = chance.Below(4) == 0 ? "conversation_archived" : EventType.All[chance.Below(EventType.All.Count)].Name,
                };
            case 1:
                return stored with { At = stored.At.AddHours(chance.Below(60) - 30) };
            default:
                var data = JsonNode.Parse(stored.Data)!;
                ChangeMember(data, chance);
                return stored with { Data = data.ToJsonString() };
        }
    }

    private static void ChangeMember(JsonNode data, Chance chance)
    {
        var members = data.AsObject();
        var name = members.ElementAt(chance.Below(members.Count)).Key;
        if (members[name] is JsonObject { Count: > 0 } inner && chance.Below(4) > 0)
            ChangeMember(inner, chance);
        else if (chance.Below(8) == 0)
            members.Remove(name);
        else if (chance.Below(8) == 0)
            members[s_names[chance.Below(s_names.Length)]] = Value(chance);
        else if (members[name] is JsonArray { Count: > 0 } array && chance.Below(2) == 0)
            array[chance.Below(array.Count)] = Value(chance);
        else
            members[name] = Value(chance);
    }

    private static readonly string[] s_names =
    [
        "from", "to", "retainedFrom", "untouchedFrom", "commitment", "ordinal", "retention", "not_found", "__proto__", "constructor",
        "toString", "x", "",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "false", "{}", "[]", "0", "1", "2", "3", "4", "5", "-1", "77", "100", "2147483647", "2147483648", "-2147483648",
        "9007199254740991", "-9007199254740991", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\uD83D\\uDE00\"", "\"off_peak\"", "\"window_closed\"",
        "\"window_changed\"", "\"retry\"", "\"Retention\"", "\"retention\"", "\"not_found\"", "\"cancelled\"", "\"completed\"",
        "\"failed\"", "\"conversationIds\"", "\"cId\"", "\"locked\"", "\"list_unresolved\"", "\"2\"", "\"2026-05-08T18:00:00.000Z\"",
        "\"2026-05-09T02:00:00.000Z\"", "\"2026-05-08T18:00:00Z\"", "\"2026-05-08T18:00:00.0000Z\"", "\"2026-05-08T18:00:00.000+00:00\"",
        "\"2026-02-30T00:00:00.000Z\"", "\"2028-02-29T23:59:59.999Z\"", "\"2026-05-08T24:00:00.000Z\"", "\"2026-05-08T18:00:60.000Z\"",
        "\"0000-01-01T00:00:00.000Z\"", "\"0001-01-01T00:00:00.000Z\"", "\"9999-12-31T23:59:59.999Z\"",
        $"\"{Convert.ToBase64String(new byte[31])}\"", $"\"{Convert.ToBase64String(new byte[32])}\"",
        $"\"{Convert.ToBase64String(new byte[33])}\"", $"\"{Convert.ToBase64String(SampleJob.Commit(0))}\"",
        $"\"{Convert.ToBase64String(SampleJob.Commit(1))}\"", $"\"{Convert.ToBase64String(new byte[32])[..^2]}B=\"",
    ];

    private static JsonNode? Value(Chance chance) => JsonNode.Parse(s_values[chance.Below(s_values.Length)]);
}
