using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Audit;
using Ledger.Audit.Rebuilding;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Log.ChangeLogs;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Ledger.SystemTests.EventStore;
using Ledger.SystemTests.Rebuilding;
using Ledger.Tests.Verifier;
using Npgsql;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>
/// The change log comes about in the log's writer, comes back in a rebuild, and is compared by the audit. All three are held to a model
/// that is as simple as the rule: group a job's outcomes by their instant.
/// </summary>
public sealed class FourFoldsTests
{
    private const int Jobs = 500, MaxBatch = 60;
    private const int Events = 100_000;

    [SkippableFact]
    public async Task Writer_rebuild_audit_and_a_simple_model_give_the_same_entries_of_100_000_events_of_500_jobs()
    {
        await using var service = await TestService.StartAsync();
        await AppendAsync(service);
        await service.WriteLogAsync();
        var written = await StoredAsync(service);
        AssertSame(await ModelAsync(service), written);
        Assert.True(written.Count(entry => entry.FirstLeaf < entry.Position) > Jobs, "there are few batches");

        Assert.Equal(0, await DifferencesAsync(service));
        var rebuilt = await RebuiltAsync(service);
        Assert.Equal((0, 0, 0), (rebuilt.Missing, rebuilt.Different, rebuilt.Surplus));

        // Every third is lost, every third says something else, and some were never there.
        await service.ExecuteAsync(
            """
            delete from ledger.change_log where position % 3 = 0;
            update ledger.change_log set first_leaf = first_leaf - 1, outcomes = null where position % 3 = 1;
            insert into ledger.change_log
            select bot_id, position + 1000000, id, stream_id, first_version + 1000000, last_version + 1000000, first_leaf, created_at,
                outcomes
            from ledger.change_log where position % 30 = 2
            """);
        var (lost, wrong) = (written.Count(entry => entry.Position % 3 == 0), written.Count(entry => entry.Position % 3 == 1));
        var surplus = written.Count(entry => entry.Position % 30 == 2);
        Assert.Equal(lost + wrong + surplus, await DifferencesAsync(service));
        rebuilt = await RebuiltAsync(service);
        Assert.Equal((lost, wrong, surplus), (rebuilt.Missing, rebuilt.Different, rebuilt.Surplus));
        AssertSame(written, await StoredAsync(service));
    }

    private static async Task<RebuiltProjection> RebuiltAsync(TestService service) =>
        (await service.RebuildAsync()).Projections.Single(projection => projection.Table == ChangeLogTable.Name);

    /// <summary>What the audit says of the change log. (Jobs that were never executed break other rules.)</summary>
    private static async Task<long> DifferencesAsync(TestService service)
    {
        var report = await DatabaseAudit.RunAsync(service.Source, new AuditRequest(), CancellationToken.None);
        return report.Findings.Where(finding => finding.Kind == FindingKind.ChangeLog).Sum(finding => 1 + finding.More);
    }

    private static async Task<List<LoggedEntry>> StoredAsync(TestService service)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        return await ChangeLogTable.ReadAsync(connection, since: null, CancellationToken.None).ToListAsync();
    }

    /// <summary>By the rule: jobs' outcomes of one instant together, all else by itself. Its ids are the fold's own.</summary>
    private static async Task<List<LoggedEntry>> ModelAsync(TestService service)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            select e.stream_id, e.version, r.first_index + e.version - r.first_version, e.type, e.data::text, e.timestamp, f.data ->> 'bot'
            from ledger.mt_events e
            join ledger.log_runs r on r.stream_id = e.stream_id and e.version between r.first_version and r.first_version + r.count - 1
            join ledger.mt_streams s on s.id = e.stream_id and s.type in ('job', 'bot')
            join ledger.mt_events f on f.stream_id = e.stream_id and f.version = 1
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var events = new List<(Guid Stream, long Version, long Leaf, object Event, DateTimeOffset At, string Bot)>();
        while (await reader.ReadAsync())
        {
            events.Add((
                reader.GetGuid(0), reader.GetInt64(1), reader.GetInt64(2), EventType.Read(reader.GetString(3), reader.GetString(4)),
                reader.GetFieldValue<DateTimeOffset>(5), reader.GetString(6)));
        }
        // Outcomes follow each other when so many other events of their stream come before them.
        var others = events.Where(e => !IsOutcome(e.Event)).ToLookup(e => e.Stream, e => e.Version);
        return [.. events
            .GroupBy(e => IsOutcome(e.Event)
                ? $"{e.Stream} {e.At:O} {others[e.Stream].Count(other => other < e.Version)}" : $"{e.Stream} version {e.Version}")
            .Select(group => new LoggedEntry(
                group.First().Bot, group.First().Stream, group.Min(e => e.Version), group.Max(e => e.Version), group.Min(e => e.Leaf),
                group.Max(e => e.Leaf), group.First().At, Outcomes([.. group.Select(e => e.Event)])))];
    }

    private static bool IsOutcome(object @event) => @event is ConversationDeleted or ConversationSkipped or Failed { Ordinal: not null };

    private static string? Outcomes(object[] events)
    {
        if (!IsOutcome(events[0]))
            return null;
        long Items(Func<ItemCounts, long> kind) => events.OfType<ConversationDeleted>().Sum(e => kind(e.Items));
        return JsonSerializer.Serialize(new
        {
            deleted = events.OfType<ConversationDeleted>().Count(),
            failed = events.OfType<Failed>().Count(),
            skipped = events.OfType<ConversationSkipped>().GroupBy(e => e.Reason == SkipReason.NotFound ? "not_found" : "retention")
                .ToDictionary(group => group.Key, group => group.Count()),
            items = new
            {
                messages = Items(items => items.Messages),
                transcripts = Items(items => items.Transcripts),
                recordings = Items(items => items.Recordings),
                attachments = Items(items => items.Attachments),
                logs = Items(items => items.Logs),
            },
        });
    }

    private static void AssertSame(IReadOnlyList<LoggedEntry> expected, IReadOnlyList<LoggedEntry> found)
    {
        Assert.Equal(expected.Count, found.Count);
        var byKey = found.ToDictionary(entry => (entry.Stream, entry.FirstVersion));
        Assert.All(expected, entry => Assert.Equal(entry, byKey[(entry.Stream, entry.FirstVersion)]));
    }

    /// <summary>Jobs side by side, a batch of one after a batch of another, several in a transaction.</summary>
    private static async Task AppendAsync(TestService service)
    {
        var chance = Chance.Of(20_261_130);
        var jobs = Enumerable
            .Range(0, Jobs)
            .Select(_ => new Growing(JobId.FromRandomness(RandomNumberGenerator.GetBytes(32)).Value))
            .ToList();
        await using var connection = await service.Source.OpenConnectionAsync();
        for (var appended = 0; appended < Events;)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var batch = new NpgsqlBatch(connection, transaction);
            for (var i = 0; i < 20; i++)
            {
                var job = jobs[chance.Below(Jobs)];
                if (batch.BatchCommands.Count > 0 && job.Round == appended)
                    continue;
                job.Round = appended;
                var events = job.Next(service.Bot, chance);
                batch.BatchCommands.Add(RawAppend.Command(job.Id, StreamIds.JobType, job.Version, job.At, events));
                job.Version += events.Count;
            }
            await batch.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
            appended = jobs.Sum(job => job.Version);
        }
    }

    private sealed class Growing(Guid id)
    {
        private static readonly DateTimeOffset s_noon = new(2026, 5, 8, 12, 0, 0, TimeSpan.Zero);

        public Guid Id => id;
        public int Version { get; set; }
        public int Round { get; set; } = -1;
        public DateTimeOffset At => s_noon.AddMilliseconds(Version);

        public IReadOnlyList<object> Next(string bot, Chance chance)
        {
            if (Version == 0)
                return [new Submitted(bot, RequestType.CId, [new byte[32]], "cs-other"), new Started(1, 1_000, new byte[32])];
            var events = Enumerable.Range(0, 1 + chance.Below(MaxBatch)).Select(n => Outcome(n, chance.Below(10))).ToList();
            // Between outcomes of one instant, and after them.
            if (chance.Below(4) == 0)
                events.Insert(chance.Below(events.Count + 1), new Started(2, 1_000, new byte[32]));
            return events;
        }

        private static object Outcome(long ordinal, int kind) => kind switch
        {
            0 => new Failed(FailureReason.Locked, 1, 3, new byte[32], ordinal),
            1 => new ConversationSkipped(new byte[32], ordinal, SkipReason.NotFound),
            2 => new ConversationSkipped(new byte[32], ordinal, SkipReason.Retention),
            3 => new Failed(FailureReason.ListUnresolved, 1, 3),
            _ => new ConversationDeleted(new byte[32], ordinal, new ItemCounts(kind, 1, 0, 2, 1), 1, true),
        };
    }
}
