using System.Text.Json.Nodes;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Checkers;

/// <summary>
/// What a newer ledger might write: types and values that this version does not know. And the same with a hash or a signature that is
/// wrong.
/// </summary>
internal static class NewerProofs
{
    private const string Type = "conversation_archived", Data = """{"where":"tape"}""", Another = "boredom";

    private static readonly (string Name, SampleJob Job)[] s_jobs =
    [
        ("retried", HonestProofs.Retried), ("failed", HonestProofs.Failed), ("cancelled", HonestProofs.Cancelled),
        ("unresolved", SampleJobs.Unresolved()), ("with a case", SampleJobs.Case),
    ];

    /// <summary>Whichever rule of the history then fails, and where none does.</summary>
    public static async Task<IReadOnlyList<OddProof>> NotProvenAsync()
    {
        var proofs = new List<OddProof>();
        foreach (var (name, job) in Types().Concat(Values()).Concat(BrokenRules()))
        {
            proofs.Add(new OddProof(name, Verdict.NotProven, await job.FileAsync()));
            proofs.Add(new OddProof($"{name}, ids withheld", Verdict.NotProven, await job.FileAsync(isDisclosed: false)));
        }
        return proofs;
    }

    private static IEnumerable<(string Name, SampleJob Job)> Types()
    {
        foreach (var (name, job) in s_jobs)
        {
            for (var at = 0; at <= job.Stored.Count; at++)
                yield return ($"{name}: an unknown type at {at}", job.Adding(at, Type, Data));
            for (var at = 0; at < job.Stored.Count; at++)
                yield return ($"{name}: event {at} is of an unknown type", job.Retyped(at, Type));
        }
        foreach (var data in new[] { "null", "[]", "{}", "1", """{"commitment":1}""", """{"ordinal":0}""" })
            yield return ($"an unknown type with {data}", HonestProofs.Retried.Adding(4, Type, data));
        foreach (
            var type in new[]
            {
                "",
                "Conversation_deleted",
                "conversation_deleted ",
                "__proto__",
                "toString",
                "ERASED: all 3 conversations were erased",
                "\u202e\n\u001b[2J",
                new string('x', 300),
            }
        )
            yield return ($"the type {JsonValue.Create(type).ToJsonString()}", HonestProofs.Retried.Adding(4, type, Data));
        yield return (
            "twenty unknown types",
            Enumerable.Range(0, 20).Aggregate(HonestProofs.Retried, (job, number) => job.Adding(4, $"type_{number}", Data)));
    }

    private static IEnumerable<(string Name, SampleJob Job)> Values()
    {
        foreach (
            var (at, member) in new[] { (0, "requestType"), (1, "reason"), (6, "reason"), (4, "reason"), (5, "reason"), (8, "outcome") })
        {
            foreach (var value in new[] { Another, "", "Retention", "COMPLETED", "0", "2", "__proto__", "off_peak " })
                yield return ($"{member} of {at} is '{value}'", HonestProofs.Retried.With(at, data => data[member] = value));
        }
        foreach (var value in new[] { Another, "", "GDPR_17_1_A", "0", "gdpr_17_1_g" })
            yield return ($"a basis of '{value}'", SampleJobs.Case.With(1, data => data["basis"] = value));
        yield return (
            "a skip for an unknown reason that is counted",
            HonestProofs.Retried.With(4, "reason", $"\"{Another}\"").With(8, "skipped", $$"""{"{{Another}}":1}""")
        );
        foreach (
            var counts in new[]
            {
                $$"""{"{{Another}}":1}""",
                $$"""{"already_erased":1,"{{Another}}":0}""",
                $$"""{"{{Another}}":-1}""",
                """{"__proto__":1}""",
                """{"":1}""",
            }
        )
            yield return ($"skipped {counts}", HonestProofs.Retried.With(8, "skipped", counts));
        foreach (var at in new[] { 3, 8 })
            yield return ($"an unknown kind of item in {at}", HonestProofs.Retried.With(at, data => data["items"]!["notes"] = 3));
    }

    private static IEnumerable<(string Name, SampleJob Job)> BrokenRules()
    {
        var newer = HonestProofs.Retried.Adding(4, Type, Data); // the events from the skip on are one later
        yield return ("false counts", newer.With(9, "skipped", """{"retention":0}"""));
        yield return ("too many deleted", newer.With(9, "deleted", "3"));
        yield return ("an outcome is missing", newer.Dropping(5));
        yield return ("an outcome twice", newer.Twice(5));
        yield return ("something after the end", newer.Twice(8).Twice(9));
        yield return ("no end", newer.Dropping(9));
        yield return ("no submission", newer.Dropping(0));
        yield return ("submitted twice", newer.Twice(0));
        yield return ("started twice", newer.Twice(2));
        yield return ("no start", newer.Dropping(2));
        yield return ("not confirmed", newer.With(3, "confirmedAbsent", "false"));
        yield return ("deleted outside the window", newer.At(3, SampleJob.Night.AddHours(-1)));
        yield return ("another attempt", newer.With(3, "attempt", "2"));
        yield return ("another list", newer.With(2, "manifestRoot", $"\"{Convert.ToBase64String(new byte[32])}\""));
        yield return ("a longer list", newer.With(2, "conversations", "5"));
        yield return ("another commitment", newer.With(5, "commitment", $"\"{Convert.ToBase64String(new byte[32])}\""));
        yield return ("another outcome of the job", newer.With(9, "outcome", "\"failed\""));
        yield return (
            "planned outside the window", newer.With(1, data => data["plannedAt"] = data["window"]!["closes"]!.GetValue<string>()));
        yield return ("a cId's list of another range", HonestProofs.Cancelled.Adding(3, Type, Data).Without(2, "from"));
    }

    /// <summary>Something unknown is no excuse for a hash, a signature or a form that is wrong.</summary>
    public static async Task<IReadOnlyList<OddProof>> WrongAllTheSameAsync()
    {
        var proofs = new List<OddProof>();
        foreach (var (name, job) in s_jobs)
        {
            var file = await job.Adding(job.Stored.Count - 1, Type, Data).FileAsync();
            foreach (var (why, wrong) in Wrong(file))
                proofs.Add(new OddProof($"{name}: {why}", Verdict.DoesNotHold, wrong));
        }
        foreach (var (why, job) in Malformed())
            proofs.Add(new OddProof(why, Verdict.DoesNotHold, await job.FileAsync()));
        return proofs;
    }

    private static IEnumerable<(string Why, string File)> Wrong(string file)
    {
        yield return ("cut short", file[..^4]);
        yield return ("something behind", file + "x\n");
        yield return ("a byte of the unknown event", Odd.Replaced(file, "tape", "disk"));
        yield return ("a byte of a known event", Odd.Replaced(file, "\"bot\":\"st-1\"", "\"bot\":\"st-2\""));
        yield return ("the checkpoint's root", ChangeLine(file, "checkpoint", 3));
        yield return ("the signature", Odd.Replaced(file, "\u2014 log.example/t J", "\u2014 log.example/t K"));
        yield return ("a hash beside a run", ChangeLine(file, "run", 1));
        yield return ("another origin", Odd.Replaced(file, "\norigin log.example/t\n", "\norigin log.example/u\n"));
        yield return ("another job", Odd.Replaced(file, "\njob cdj-", "\njob cdj-0"));
        if (file.Contains("\"id\":\"conversation-0\"", StringComparison.Ordinal))
            yield return ("another conversation's id", Odd.Replaced(file, "\"id\":\"conversation-0\"", "\"id\":\"conversation-9\""));
        if (file.Contains("\"kind\":\"cId\"", StringComparison.Ordinal))
            yield return ("another cId", Odd.Replaced(file, "u-é", "u-e"));
        if (file.Contains("manifest-rest 3", StringComparison.Ordinal))
            yield return ("a hash of the manifest's rest", ChangeLine(file, "manifest-rest", 1));
    }

    private static IEnumerable<(string Why, SampleJob Job)> Malformed()
    {
        var newer = HonestProofs.Retried.Adding(4, Type, Data);
        yield return ("a member too many", newer.With(3, "note", "1"));
        yield return ("a member too few", newer.Without(3, "items"));
        yield return (
            "an unknown value beside a malformed member",
            HonestProofs.Retried.With(4, "reason", $"\"{Another}\"").With(4, "commitment", "\"AAAA\""));
        yield return ("a number where a name belongs", HonestProofs.Retried.With(4, "reason", "77"));
        yield return ("null where a name belongs", HonestProofs.Retried.With(4, "reason", "null"));
        yield return ("an unknown reason without a count", HonestProofs.Retried.With(8, "skipped", $$"""{"{{Another}}":null}"""));
        yield return ("an unknown kind with a negative count", HonestProofs.Retried.With(3, data => data["items"]!["notes"] = -1));
        yield return ("a member twice in the unknown event", newer.Entry(4, "\"where\":\"tape\"", "\"where\":\"tape\",\"where\":\"tape\""));
        yield return ("another job's event", newer.Entry(5, "\"stream\":\"cdj-", "\"stream\":\"cdj-0"));
        yield return ("a registry's event in the job's stream", newer.Adding(5, "client_revoked", """{"actor":"ada","client":"cs-1"}"""));
    }

    /// <summary>Another character in the line that is so many lines behind the first one that begins with a word.</summary>
    private static string ChangeLine(string file, string word, int behind)
    {
        var lines = file.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith(word + " ", StringComparison.Ordinal)) + behind;
        lines[at] = (lines[at][0] == 'A' ? 'B' : 'A') + lines[at][1..];
        return string.Join('\n', lines);
    }

    public static async Task<IReadOnlyList<OddProof>> ConversationsAsync()
    {
        var job = HonestProofs.Retried;
        var proofs = new List<OddProof>
        {
            new("an unknown type", Verdict.NotProven, await job.Retyped(3, Type).OneAsync(3, 0)),
            new("an unknown type, id withheld", Verdict.NotProven, await job.Retyped(3, Type).OneAsync(3)),
            new("an unknown type without a commitment", Verdict.NotProven, await job.Adding(4, Type, Data).OneAsync(4, 0)),
            new("an unknown type of no object", Verdict.NotProven, await job.Adding(4, Type, "null").OneAsync(4, 0)),
            new("an unknown reason to skip", Verdict.NotProven, await job.With(4, "reason", $"\"{Another}\"").OneAsync(4, 1)),
            new("an unknown reason to fail", Verdict.NotProven, await job.With(5, "reason", $"\"{Another}\"").OneAsync(5, 2)),
            new("an unknown kind of item", Verdict.NotProven, await job.With(3, data => data["items"]!["notes"] = 3).OneAsync(3, 0)),
            new(
                "an unknown reason in an impossible place", Verdict.NotProven,
                await job.With(4, "reason", $"\"{Another}\"").With(4, "ordinal", "-1").OneAsync(4, 1)),
            new(
                "an unknown value of an event that is no outcome", Verdict.NotProven,
                await job.With(8, "outcome", $"\"{Another}\"").OneAsync(8)),
            new("an unknown type of another conversation", Verdict.DoesNotHold, await job.Retyped(3, Type).OneAsync(3, 1)),
            new(
                "an unknown reason of another conversation", Verdict.DoesNotHold,
                await job.With(4, "reason", $"\"{Another}\"").OneAsync(4, 0)),
        };
        foreach (
            var newer in new[] { await job.Retyped(3, Type).OneAsync(3, 0), await job.With(4, "reason", $"\"{Another}\"").OneAsync(4, 1) })
        {
            var proof = TlogProof.Parse(newer);
            proofs.Add(new OddProof("another index", Verdict.DoesNotHold, (proof with { Index = proof.Index + 1 }).ToString()));
            proofs.Add(
                new OddProof("another path", Verdict.DoesNotHold, (proof with { Path = [new byte[32], .. proof.Path.Skip(1)] }).ToString())
            );
            proofs.Add(
                new OddProof(
                    "another signature", Verdict.DoesNotHold, Odd.Replaced(newer, "\u2014 log.example/t J", "\u2014 log.example/t K"))
            );
        }
        return proofs;
    }
}
