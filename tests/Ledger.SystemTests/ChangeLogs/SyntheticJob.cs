using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.SystemTests.EventStore;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>A job that exists as events only: what a service would append, batch by batch, at random, with failures and a retry.</summary>
internal sealed class SyntheticJob
{
    private const int Conversations = 120;
    private static readonly DateTimeOffset s_noon = new(2026, 5, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly PlannedWindow s_window = new("test", "0 0 * * * ?", "UTC", s_noon, s_noon.AddHours(1));

    private readonly Queue<IReadOnlyList<JobEvent>> _appends;

    public SyntheticJob(string bot) => _appends = new(Appends(bot));

    public JobId Id { get; } = JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));
    public List<RecordedEvent> Events { get; } = [];
    public bool IsDone => _appends.Count == 0;

    /// <summary>The next append, a millisecond after the one before; the caller commits.</summary>
    public async Task AppendNextAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        var (events, at) = (_appends.Dequeue(), s_noon.AddMilliseconds(Events.Count));
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands = { RawAppend.Command(Id.Value, StreamIds.JobType, Events.Count, at, [.. events]) },
        };
        await batch.ExecuteNonQueryAsync();
        Events.AddRange(events.Select((@event, i) => new RecordedEvent(Events.Count + i + 1, @event, at)).ToList());
    }

    private static IEnumerable<IReadOnlyList<JobEvent>> Appends(string bot)
    {
        yield return [new Submitted(bot, RequestType.CId, [new byte[32]], "cs-synthetic"), Plan(ScheduleReason.OffPeak, 1)];
        yield return [new Started(1, Conversations, new byte[32])];
        var failed = new List<long>();
        for (var ordinal = 0L; ordinal < Conversations;)
        {
            var batch = new List<JobEvent>();
            for (var size = RandomNumberGenerator.GetInt32(1, 25); size > 0 && ordinal < Conversations; size--, ordinal++)
            {
                batch.Add(Outcome(ordinal, RandomNumberGenerator.GetInt32(10)));
                if (batch[^1] is Failed)
                    failed.Add(ordinal);
            }
            // With the last outcome the same append says how it goes on.
            if (ordinal == Conversations)
                batch.Add(failed.Count > 0 ? Plan(ScheduleReason.Retry, 2) : End);
            yield return batch;
        }
        if (failed.Count > 0)
            yield return [.. failed.Select(ordinal => new ConversationDeleted(new byte[32], ordinal, new ItemCounts(1), 2, true)), End];
    }

    private static Scheduled Plan(ScheduleReason reason, int attempt) => new(s_noon, s_window, reason, attempt);

    private static Completed End =>
        new(JobOutcome.Completed, Conversations, Conversations, 0, new Dictionary<SkipReason, long>(), ItemCounts.None);

    private static JobEvent Outcome(long ordinal, int kind) => kind switch
    {
        0 => new Failed(FailureReason.Locked, 1, 3, new byte[32], ordinal),
        1 => new ConversationSkipped(new byte[32], ordinal, SkipReason.NotFound),
        2 => new ConversationSkipped(new byte[32], ordinal, SkipReason.Retention),
        _ => new ConversationDeleted(new byte[32], ordinal, new ItemCounts(kind, 1, 0, 2, 1), 1, true),
    };
}
