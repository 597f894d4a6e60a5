using System.Text;
using System.Text.Json.Nodes;
using Ledger.Contracts.Identifiers;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Checkers;

/// <summary>What a checker says of a file: its exit code.</summary>
internal enum Verdict
{
    Holds = 0,
    DoesNotHold = 1,
    NotProven = 3,
}

/// <summary>A file that somebody could hand in, and what every checker has to say of it.</summary>
internal sealed record OddProof(string Name, Verdict Verdict, string Text);

/// <summary>Ways to make a job's record odd before the log is signed over it, or its file after that.</summary>
internal static class Odd
{
    /// <summary>One event's data changed.</summary>
    public static SampleJob With(this SampleJob job, int at, Action<JsonObject> change)
    {
        var data = JsonNode.Parse(job.Stored[at].Data)!.AsObject();
        change(data);
        return job.Replacing(at, job.Stored[at].Type, data.ToJsonString());
    }

    /// <summary>One member of one event's data set to any JSON.</summary>
    public static SampleJob With(this SampleJob job, int at, string member, string json) =>
        job.With(at, data => data[member] = JsonNode.Parse(json));

    public static SampleJob Without(this SampleJob job, int at, string member) => job.With(at, data => data.Remove(member));

    public static SampleJob Replacing(this SampleJob job, int at, string type, string data) =>
        new(job.Events) { Id = job.Id, Stored = [.. job.Stored.Select((e, place) => place == at ? (type, data, e.At) : e)] };

    public static SampleJob Retyped(this SampleJob job, int at, string type) => job.Replacing(at, type, job.Stored[at].Data);

    public static SampleJob Adding(this SampleJob job, int at, string type, string data)
    {
        var before = job.Stored[Math.Max(at - 1, 0)];
        return new(job.Events) { Id = job.Id, Stored = [.. job.Stored.Take(at), (type, data, before.At), .. job.Stored.Skip(at)] };
    }

    public static SampleJob Twice(this SampleJob job, int at) => job.Adding(at + 1, job.Stored[at].Type, job.Stored[at].Data);

    public static SampleJob Dropping(this SampleJob job, int at) =>
        new(job.Events) { Id = job.Id, Stored = [.. job.Stored.Where((_, place) => place != at)] };

    public static SampleJob At(this SampleJob job, int at, DateTimeOffset instant) =>
        new(job.Events) { Id = job.Id, Stored = [.. job.Stored.Select((e, place) => place == at ? e with { At = instant } : e)] };

    /// <summary>The text of one entry changed: what the ledger's own writer could not write.</summary>
    public static SampleJob Entry(this SampleJob job, int at, string right, string wrong)
    {
        var changed = Encoding.UTF8.GetBytes(Replaced(Encoding.UTF8.GetString(job.Entries[at]), right, wrong));
        return new(job.Events) { Id = job.Id, Entries = [.. job.Entries.Select((entry, place) => place == at ? changed : entry)] };
    }

    /// <summary>The job's file, the log signed over whatever the job is.</summary>
    public static Task<string> FileAsync(this SampleJob job, bool isDisclosed = true) =>
        ProofLog.Of(job, [1, 0, 2, 0, 1]).JobProofAsync(isDisclosed);

    /// <summary>The file of the outcome that is the job's event at a place.</summary>
    public static Task<string> OneAsync(this SampleJob job, int at, int? disclosed = null)
    {
        var disclosure = disclosed is { } ordinal ? SampleJob.Disclose(IdentifierKind.Conversation, ordinal) with { Ordinal = null } : null;
        return ProofLog.Of(job, [1, 0, 2, 0, 1]).ConversationProofAsync(at + 1, disclosure);
    }

    public static string Replaced(string text, string right, string wrong)
    {
        var at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"there is no {right} in {text}");
        return text[..at] + wrong + text[(at + right.Length)..];
    }
}
