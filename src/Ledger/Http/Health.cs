using Ledger.Http.Reference;
using System.Text.Json.Nodes;
using Npgsql;

namespace Ledger.Http;

/// <summary>One thing that a ready node needs.</summary>
/// <param name="Name">What is checked, in one word.</param>
/// <param name="Problem">Answers what is wrong and what to do, in plain words without identifiers; null if nothing is.</param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<string?>> Problem);

/// <summary>One thing that a ready node should be told of.</summary>
/// <param name="Warning">In plain words without identifiers; null if there is nothing.</param>
public sealed record ReadinessWarning(Func<CancellationToken, Task<string?>> Warning);

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can do its work.</summary>
internal static class Health
{
    private const int RetryAfterSeconds = 5;

    public static void Map(WebApplication app)
    {
        app.MapGet("/health/live", () => TypedResults.Text("""{"status":"live"}"""u8, "application/json"))
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
        var told = await Task.WhenAll(warnings.Select(one => WarningAsync(one, options.ReadinessTimeout, time, context.RequestAborted)));
        var answer = new JsonObject
        {
            ["status"] = "ready",
            ["warnings"] = new JsonArray([.. told.OfType<string>().Select(text => (JsonNode)text)]),
        };
        return TypedResults.Text(answer.ToJsonString(), "application/json");
    }

    /// <summary>A warning that cannot be had is none: the checks say what is wrong.</summary>
    private static async Task<string?> WarningAsync(ReadinessWarning warning, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            return await warning.Warning(either.Token).WaitAsync(either.Token);
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<string?> ProblemAsync(ReadinessCheck check, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            return await check.Problem(either.Token).WaitAsync(either.Token) is { } problem ? $"{check.Name}: {problem}" : null;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return $"{check.Name}: no answer within {timeout.TotalSeconds:0.#} s";
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            return $"{check.Name}: {(Errors.IsDatabaseUnreachable(exception) ? "the database cannot be reached" : "the check itself failed")}";
        }
    }

    private static async Task<string?> DatabaseProblemAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancel);
        return null;
    }
}
