using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Projections.Registry;
using Ledger.Windows;
using Npgsql;

namespace Ledger.Execution;

/// <summary>The result of a preview.</summary>
public abstract record PreviewResult
{
    private PreviewResult() { }

    /// <summary>The counts that a job would have now, and its plan.</summary>
    /// <param name="Conversations">Number of conversations on the list.</param>
    /// <param name="Skipped">Those that would be skipped, by reason. Only reasons that occur.</param>
    /// <param name="Plan">The plan of a job that is submitted now.</param>
    public sealed record Counted(long Conversations, IReadOnlyDictionary<SkipReason, long> Skipped, Plan Plan) : PreviewResult;

    /// <summary>The bot's window never opens again.</summary>
    /// <param name="Reason">The reason, in plain words.</param>
    public sealed record WindowNeverOpens(string Window, string Reason) : PreviewResult;

    /// <summary>It took longer than a preview may, or than the database lets a statement run.</summary>
    public sealed record TookTooLong : PreviewResult;
}

/// <summary>
/// Counts a request's list as a job would resolve it now (docs/adr/0052). It records nothing, and holds neither a lock nor a snapshot: each
/// part of the list is a statement of its own.
/// </summary>
public sealed class JobPreview(
    NpgsqlDataSource database, RequestedList list, ErasedIndex earlier, LiveHolds holds, WindowPlanner planner, ExecutionOptions options,
    TimeProvider time)
    : IDisposable
{
    /// <summary>Maximum number of previews that a node counts at once. Others wait, so that they leave connections to other
    /// requests.</summary>
    private const int AtOnce = 4;

    private readonly SemaphoreSlim _places = new(AtOnce);

    /// <summary>Counts a checked request.</summary>
    /// <exception cref="NpgsqlException">The database is unreachable.</exception>
    public async Task<PreviewResult> CountAsync(Bot bot, DeletionWindow window, DeletionRequest request, CancellationToken cancel)
    {
        var now = Instant.Truncate(time.GetUtcNow());
        if (planner.TryPlan(window, now) is not { } plan)
            return new PreviewResult.WindowNeverOpens(window.Name, planner.WhyNeverAgain(window, now)!);
        using var deadline = new CancellationTokenSource(options.LongestPreview, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await _places.WaitAsync(either.Token);
            try
            {
                return await CountAsync(bot, request, plan, now, either.Token);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && (e is OperationCanceledException || Failure.IsTimeout(e)))
        {
            return new PreviewResult.TookTooLong();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<PreviewResult.Counted> CountAsync(
        Bot bot, DeletionRequest request, Plan plan, DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var cursor = await list.BeginAsync(connection, request, bot, now, cancel);
        var (conversations, skipped) = (0L, new SortedDictionary<SkipReason, long>());
        for (var isLast = false; !isLast;)
        {
            var page = await NextAsync(connection, request, bot, cursor, cancel);
            conversations += page.Entries.Count;
            long[] deletable = [.. page.Entries.Where(entry => entry.Skip is null).Select(entry => entry.Key)];
            var held = await holds.FindAsync(connection, bot.BotId, deletable, cancel);
            foreach (var reason in page.Entries
                .Select(entry => entry.Skip ?? (held.ContainsKey(entry.Key) ? SkipReason.LegalHold : null)).OfType<SkipReason>())
                skipped[reason] = skipped.GetValueOrDefault(reason) + 1;
            cursor = cursor with { AfterKey = page.AfterKey };
            isLast = page.IsLast;
        }
        return new PreviewResult.Counted(conversations, skipped, plan);
    }

    private async Task<ListPage> NextAsync(
        NpgsqlConnection connection, DeletionRequest request, Bot bot, ListCursor cursor, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await list.NextAsync(connection, request, bot, cursor, job: default, cancel);
            }
            catch (ErasedNotReadException e)
            {
                await earlier.ReadAsync(connection, e.Bot, cancel);
            }
        }
    }
}
