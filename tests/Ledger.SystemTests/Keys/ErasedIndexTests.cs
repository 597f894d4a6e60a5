using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.SystemTests.Forgetting;
using Npgsql;

namespace Ledger.SystemTests.Keys;

/// <summary>Whether an id that the store lacks was erased before is answered from memory, exactly, and for as long as the job's key
/// lives.</summary>
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

        Task<IReadOnlySet<string>> FindAsync(params string[] ids) =>
            index.FindAsync(connection, service.Bot, default, ids, CancellationToken.None);
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

    /// <summary>A job that goes on and on does not make each look-up dearer, and what it settles later is found.</summary>
    [SkippableFact]
    public async Task Of_a_job_that_is_running_a_look_up_reads_what_is_not_settled_yet()
    {
        await using var service = await TestService.StartAsync();
        var job = await FillAsync(service, "b", 1, rows: 40);
        await SettleAsync("\\x010000", open: 2);
        var index = new ErasedIndex(service.Keys);
        await using (var reading = await service.Source.OpenConnectionAsync())
            await index.ReadAsync(reading, "b", CancellationToken.None);
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        await using var connection = await lanes.OpenConnectionAsync();
        // Each look finds that it was touched.
        await service.ExecuteAsync($"insert into ledger.log_queue (stream_id, first_version, last_version) values ('{job}', 1, 1)");
        Assert.Equal(1, await FoundAsync());
        await SettleAsync("\\x010113", open: 0);
        Assert.Equal(2, await FoundAsync());
        Assert.Equal((40 * 3) - 1, index.Count);

        Task SettleAsync(string outcomes, int open) => service.ExecuteAsync(
            "alter table ledger.job_manifest disable trigger manifest_only_settles; "
            + $"update ledger.job_manifest set outcomes = '{outcomes}', open_count = {open} where job_id = '{job}' and row_number = 39");
        async Task<int> FoundAsync()
        {
            await using var transaction = await connection.BeginTransactionAsync();
            string[] ids = [Conversation("b", 0, 39 * 3), Conversation("b", 0, (39 * 3) + 1)];
            var found = await index.FindAsync(connection, "b", default, ids, CancellationToken.None);
            Assert.InRange(await RowsReadAsync(connection, "where relname = 'job_manifest'"), 1, 10);
            return found.Count;
        }
    }

    [SkippableFact]
    public async Task A_list_whose_key_the_folder_lacks_keeps_only_those_jobs_waiting_that_must_ask_it()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 1, "user-1");
        await service.AddConversationsAsync("b", 1, "user-2");
        var old = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        await service.ExecuteAsync($"update ledger.job_secrets set epoch = 99 where job_id = '{ForgettingSteps.Id(old).Value}'");
        var asks = await service.SubmitAsync(new { conversationIds = new[] { "unknown" } });
        var behind = await service.SubmitAsync(new { cId = "user-2" });
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(behind)).GetProperty("status").GetString());
        Assert.Equal("queued", (await service.StatusAsync(asks)).GetProperty("status").GetString());

        await service.ExecuteAsync("update ledger.job_secrets set epoch = 1; delete from ledger.job_work");
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(asks)).GetProperty("status").GetString());
    }

    private static string Conversation(string bot, int job, int n) => $"{bot}-{job}-{n}";

    /// <summary>Jobs that erased three conversations a row.</summary>
    /// <returns>The last one.</returns>
    private static async Task<Guid> FillAsync(TestService service, string bot, int jobs, int rows = 1)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        JobId id = default;
        for (var job = 0; job < jobs; job++)
        {
            id = JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));
            var (key, epoch, wrapped) = service.Keys.NewJobKey(id);
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new(
                        "insert into ledger.mt_doc_job (id, data, bot, client, submitted_at, planned_at, status) "
                        + "values ($1, '{}', $2, 'c', now(), now(), 'completed')")
                    {
                        Parameters = { new() { Value = id.Value }, new() { Value = bot } },
                    },
                    new(
                        "insert into ledger.job_secrets (job_id, epoch, wrapped_key, request_digest, sealed_request) "
                        + "values ($1, $2, $3, '', '')")
                    {
                        Parameters = { new() { Value = id.Value }, new() { Value = epoch }, new() { Value = wrapped } },
                    },
                },
            };
            for (var row = 0; row < rows; row++)
            {
                var (of, at) = (job, row);
                ManifestEntry[] entries =
                    [.. Enumerable.Range(at * 3, 3).Select(n => new ManifestEntry(Conversation(bot, of, n), Skip: null, Key: n))];
                batch.BatchCommands.Add(new(
                    """
                    insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
                    values ($1, $3, 3, sha256('root'), $2, '\x010101', 0)
                    """)
                {
                    Parameters = { new() { Value = id.Value }, new() { Value = Manifest.Seal(key, row, entries) }, new() { Value = row } },
                });
            }
            await batch.ExecuteNonQueryAsync();
        }
        return id.Value;
    }

    /// <summary>Rows that the server reads for a hundred ids, of which ten were erased.</summary>
    private static async Task<long> RowsReadAsync(TestService service, ErasedIndex index, string bot)
    {
        await using (var reading = await service.Source.OpenConnectionAsync())
            await index.ReadAsync(reading, bot, CancellationToken.None);
        // A session of its own: it counts what was read since its beginning.
        await using var lanes = Slices.Sessions(service.Database.ConnectionStringFor("ledger_service"));
        await using var connection = await lanes.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        string[] ids = [.. Enumerable.Range(0, 10).Select(job => Conversation(bot, job, 1)),
            .. Enumerable.Range(0, 90).Select(n => $"never-{n}")];
        Assert.Equal(10, (await index.FindAsync(connection, bot, default, ids, CancellationToken.None)).Count);
        return await RowsReadAsync(connection, "");
    }

    /// <summary>Of which tables, in this transaction.</summary>
    private static async Task<long> RowsReadAsync(NpgsqlConnection connection, string which)
    {
        await using var command = new NpgsqlCommand(
            "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables " + which,
            connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
