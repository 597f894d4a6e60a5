using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Identifiers;
using Ledger.SystemTests.Forgetting;
using Npgsql;

namespace Ledger.SystemTests.Identifiers;

/// <summary>Whether an id that the store lacks was erased before is answered from memory, exactly, and for as long as the job's key lives.</summary>
public sealed class ErasedIndexTests
{
    [SkippableFact]
    public async Task A_look_up_reads_as_much_for_a_bot_with_ten_times_the_history()
    {
        await using var service = await TestService.StartAsync();
        await FillAsync(service, "bot-of-30", 30);
        await FillAsync(service, "bot-of-300", 300);
        var index = new ErasedIndex(service.Keys);
        var (few, many) = (await RowsReadAsync(service, index, "bot-of-30"), await RowsReadAsync(service, index, "bot-of-300"));
        Assert.True(many <= 1.2 * few, $"{many} rows instead of {few}");
        Assert.Equal(3 * 330, index.Count);
    }

    [SkippableFact]
    public async Task What_is_erased_later_is_found_and_what_is_forgotten_is_not_and_leaves_the_memory()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 2, "user-1");
        var index = new ErasedIndex(service.Keys);
        await using var connection = await service.Source.OpenConnectionAsync();
        await Assert.ThrowsAsync<ErasedNotReadException>(() => FindAsync("a-00001"));
        await index.ReadAsync(connection, service.Bot, CancellationToken.None);
        Assert.Empty(await FindAsync("a-00001"));

        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal(["a-00001", "a-00002"], (await FindAsync("a-00001", "a-00002", "a-00003")).Order(StringComparer.Ordinal));
        Assert.Equal(2, index.Count);
        // Not of the job that asks.
        Assert.Empty(await index.FindAsync(connection, service.Bot, ForgettingSteps.Id(job), ["a-00001"], CancellationToken.None));

        await service.ForgetAsync(job);
        await index.RefreshAsync(connection, CancellationToken.None);
        Assert.Equal(0, index.Count);
        Assert.Empty(await FindAsync("a-00001"));

        Task<IReadOnlySet<string>> FindAsync(params string[] ids) => index.FindAsync(connection, service.Bot, default, ids, CancellationToken.None);
    }

    [SkippableFact]
    public async Task Beyond_its_capacity_the_bots_that_were_asked_for_longest_ago_make_room()
    {
        await using var service = await TestService.StartAsync();
        foreach (var bot in new[] { "b-1", "b-2", "b-3" })
            await FillAsync(service, bot, 10);
        var index = new ErasedIndex(service.Keys, capacity: 60);
        await using var connection = await service.Source.OpenConnectionAsync();
        foreach (var bot in new[] { "b-1", "b-2", "b-3" })
        {
            await index.ReadAsync(connection, bot, CancellationToken.None);
            Assert.Single(await index.FindAsync(connection, bot, default, [Conversation(bot, 3, 1)], CancellationToken.None));
        }
        Assert.Equal(60, index.Count);
        await Assert.ThrowsAsync<ErasedNotReadException>(
            () => index.FindAsync(connection, "b-1", default, [Conversation("b-1", 3, 1)], CancellationToken.None));
    }

    private static string Conversation(string bot, int job, int n) => $"{bot}-{job}-{n}";

    /// <summary>Jobs that erased three conversations each.</summary>
    private static async Task FillAsync(TestService service, string bot, int jobs)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        for (var job = 0; job < jobs; job++)
        {
            var id = JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));
            var (key, epoch, wrapped) = service.Keys.NewJobKey(id);
            ManifestEntry[] entries = [.. Enumerable.Range(0, 3).Select(n => new ManifestEntry(Conversation(bot, job, n), Skip: null, Key: n))];
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new("insert into ledger.mt_doc_job (id, data, bot, client, submitted_at, planned_at, status) values ($1, '{}', $2, 'c', now(), now(), 'completed')")
                    {
                        Parameters = { new() { Value = id.Value }, new() { Value = bot } },
                    },
                    new("insert into ledger.job_secrets (job_id, epoch, wrapped_key, request_digest, sealed_request) values ($1, $2, $3, '', '')")
                    {
                        Parameters = { new() { Value = id.Value }, new() { Value = epoch }, new() { Value = wrapped } },
                    },
                    new(
                        """
                        insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
                        values ($1, 0, 3, sha256('root'), $2, '\x010101', 0)
                        """)
                    {
                        Parameters = { new() { Value = id.Value }, new() { Value = Manifest.Seal(key, 0, entries) } },
                    },
                },
            };
            await batch.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Rows that the server reads for a hundred ids, of which ten were erased.</summary>
    private static async Task<long> RowsReadAsync(TestService service, ErasedIndex index, string bot)
    {
        await using (var reading = await service.Source.OpenConnectionAsync())
            await index.ReadAsync(reading, bot, CancellationToken.None);
        // A session of its own: it counts what was read since its beginning.
        await using var lanes = new LaneDatabase(service.Database.ConnectionStringFor("ledger_service"));
        await using var connection = await lanes.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        string[] ids = [.. Enumerable.Range(0, 10).Select(job => Conversation(bot, job, 1)), .. Enumerable.Range(0, 90).Select(n => $"never-{n}")];
        Assert.Equal(10, (await index.FindAsync(connection, bot, default, ids, CancellationToken.None)).Count);
        await using var command = new NpgsqlCommand(
            "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
