using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Database;
using Ledger.Web;
using Npgsql;

namespace Ledger.Api;

/// <summary>One check that a node must pass to be ready.</summary>
/// <param name="Name">The name of the check, in one word.</param>
/// <param name="Problem">Answers the problem and its remedy, in plain words without identifiers; null if there is no problem.</param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<string?>> Problem);

/// <summary>One warning that a ready node may show.</summary>
/// <param name="Warning">The warning, in plain words without identifiers; null if there is none.</param>
public sealed record ReadinessWarning(Func<CancellationToken, Task<string?>> Warning);

/// <summary>The answer of a process that is alive.</summary>
internal sealed record Live
{
    private const string Word = "live";

    [Description("The process answers.")]
    [AllowedValues(Word)]
    public string Status { get; } = Word;
}

/// <summary>The answer of a node that is ready.</summary>
internal sealed record Ready
{
    private const string Word = "ready";

    [Description("The node can do its work.")]
    [AllowedValues(Word)]
    public string Status { get; } = Word;

    [Description("Things to look at, such as a transaction that has been open for long. Mostly empty.")]
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary><c>/health/live</c> shows that the process answers. <c>/health/ready</c> shows that it can do its work.</summary>
internal static class Health
{
    private const int RetryAfterSeconds = 5;

    public static void Map(WebApplication app)
    {
        app.MapGet(
                "/health/live",
                () => TypedResults.Text(JsonSerializer.SerializeToUtf8Bytes(new Live(), ApiJson.Default.Live), "application/json"))
            .WithName("live")
            .Describe(HealthOperations.Live);
        app.MapGet("/health/ready", ReadyAsync)
            .WithName("ready")
            .Describe(HealthOperations.Ready);
    }

    private static async Task<IResult> ReadyAsync(
        HttpContext context, NpgsqlDataSource database, IEnumerable<ReadinessCheck> checks, IEnumerable<ReadinessWarning> warnings,
        HttpOptions options, TimeProvider time)
    {
        ReadinessCheck[] all = [new("database", cancel => DatabaseProblemAsync(database, cancel)), .. checks];
        var problems = await Task.WhenAll(all.Select(check => ProblemAsync(check, options.ReadinessTimeout, time, context.RequestAborted)));
        var found = problems.OfType<string>().ToList();
        if (found.Count > 0)
            return new ErrorAnswer(503, 503, found, RetryAfterSeconds);
        // A warning that cannot be had is none: the checks say what is wrong.
        var told = await Task.WhenAll(warnings.Select(
            one => AskAsync(one.Warning, failed: _ => null, options.ReadinessTimeout, time, context.RequestAborted)));
        var ready = new Ready { Warnings = [.. told.OfType<string>()] };
        return TypedResults.Text(JsonSerializer.SerializeToUtf8Bytes(ready, ApiJson.Default.Ready), "application/json");
    }

    /// <summary>The answer to a check, if it comes before the deadline.</summary>
    /// <param name="failed">Makes the text for a missing answer: from its cause, or from null if the deadline passed.</param>
    private static async Task<string?> AskAsync(
        Func<CancellationToken, Task<string?>> ask, Func<Exception?, string?> failed, TimeSpan timeout, TimeProvider time,
        CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            return await ask(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return failed(null);
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            return failed(exception);
        }
    }

    private static async Task<string?> ProblemAsync(ReadinessCheck check, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var problem = await AskAsync(
            check.Problem,
            exception => exception is null ? $"no answer within {timeout.TotalSeconds:0.#} s"
                : Failure.IsUnreachable(exception) ? "the database cannot be reached"
                : "the check itself failed",
            timeout, time, cancel);
        return problem is null ? null : $"{check.Name}: {problem}";
    }

    private static async Task<string?> DatabaseProblemAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancel);
        return null;
    }
}
