using Ledger.Contracts.Transparency;
using Ledger.Log.Sequencing;
using Ledger.SystemTests.Cli;
using Npgsql;

namespace Ledger.SystemTests.Audit;

/// <summary>
/// What no signature covers is never taken for signed: neither a log that was rewritten without its key, nor one whose writer stands still.
/// </summary>
public sealed class UnsignedTailTests(UnsignedTailTests.Ledger ledger) : IClassFixture<UnsignedTailTests.Ledger>
{
    private const string NotSigned = "The end of the log is not signed: ";
    private const string Removed = "A checkpoint was removed: ledger.log_checkpoints";

    /// <summary>One service for all tests, each of which tampers with a copy of its database.</summary>
    public sealed class Ledger : IAsyncLifetime
    {
        internal AuditedService Audited { get; private set; } = null!;

        public async Task InitializeAsync() => Audited = await AuditedService.StartAsync(new TestServiceOptions { OwnClock = true });

        public async Task DisposeAsync() => await Audited.DisposeAsync();
    }

    private AuditedService Audited => ledger.Audited;

    [Theory]
    [InlineData("true")]
    [InlineData("size > {0}")]
    public async Task A_log_that_was_rewritten_without_its_key_is_found(string removed)
    {
        var copy = await CopyAsync(isOld: true);
        var changed = await RewriteAsync(copy);
        await TamperAsync(copy, $"delete from ledger.log_checkpoints where {string.Format(removed, changed)}");
        var covered = await ScalarAsync(copy, "select coalesce(max(size), 0) from ledger.log_checkpoints");
        var size = await Audited.SizeAsync();

        var beside = await Audited.AuditOnAsync(copy, "--keys", Audited.Service.KeyDirectory);
        Assert.Equal(1, beside.ExitCode);
        var kept = $"the checkpoint beside the keys, {Audited.Service.KeyDirectory}/log.checkpoint, at size {size}";
        Assert.Contains($"The log was forked: {kept}", beside.Output, StringComparison.Ordinal);

        var byKey = await Audited.AuditOnAsync(copy, "--key", Audited.Key);
        Assert.Equal(1, byKey.ExitCode);
        Assert.Contains($"{NotSigned}leaf {covered} and what follows it", byKey.Output, StringComparison.Ordinal);
        Assert.Contains(covered == 0 ? "none; " : $"one over the first {covered} leaves; ", byKey.Output, StringComparison.Ordinal);
        Assert.Contains($"without one: {size - covered} events, the oldest of 20", byKey.Output, StringComparison.Ordinal);
        Assert.Matches(covered == 0 ? "signed\tnothing" : $"signed\tthe first {covered} leaves", byKey.Output);
        Assert.Contains("Nothing that is kept outside the database was compared", byKey.Error, StringComparison.Ordinal);
    }

    /// <summary>Nobody but its owner could have put it there: the log's own queue has it, the log's key does not sign it.</summary>
    [Fact]
    public async Task An_event_whose_instant_is_still_to_come_is_not_waited_for()
    {
        var copy = await CopyAsync(isOld: false);
        await TamperAsync(copy, Insertion("bot", "grant_revoked", "2199-01-01Z"));
        var result = await Audited.AuditOnAsync(copy);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(NotSigned, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_named_as_not_signed_at_once_and_are_a_finding_after_ten_seconds()
    {
        await Audited.HoldsAsync("--keys", Audited.Service.KeyDirectory);
        await Audited.Service.SubmitAsync(new { conversationIds = new[] { "later" } });

        var young = await Audited.AuditAsync();
        Assert.True(young.ExitCode == 0, young.Output);
        Assert.Contains("nothing differs. No signature that was checked covers 2 of its events.", young.Output, StringComparison.Ordinal);
        Assert.Matches("not signed\t2 events", young.Output);
        Assert.Contains("Not signed yet: 2 events, the oldest of 20", young.Error, StringComparison.Ordinal);

        await Audited.Service.Clock.AdvanceAsync(TimeSpan.FromSeconds(11));
        await Audited.FindsAsync(
        [
            $"{NotSigned}leaf {await Audited.SizeAsync()} and what follows it", "without one: 2 events",
            "start one with the log's keys (`ledger serve`)",
        ]);
        await Audited.Service.WriteLogAsync();
        Assert.Equal("", (await Audited.AuditAsync("--keys", Audited.Service.KeyDirectory)).Error);
        await Audited.HoldsAsync();
    }

    [Fact]
    public async Task A_removed_checkpoint_is_named_where_the_signer_remembers_it()
    {
        var copy = await CopyAsync(isOld: true);
        var size = await Audited.SizeAsync();
        await TamperAsync(copy, "delete from ledger.log_checkpoints where size = (select max(size) from ledger.log_checkpoints)");
        var result = await Audited.AuditOnAsync(copy, "--keys", Audited.Service.KeyDirectory);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(Removed, result.Output, StringComparison.Ordinal);
        Assert.Contains($"log.checkpoint, at size {size}", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(NotSigned, result.Output, StringComparison.Ordinal);
    }

    /// <summary>The row of a checkpoint that says more than its note: the note is genuine, and covers less.</summary>
    [Fact]
    public async Task A_signature_over_less_does_not_count_for_more()
    {
        var copy = await CopyAsync(isOld: true);
        await RewriteAsync(copy);
        await TamperAsync(
            copy,
            """
            update ledger.log_checkpoints c set root = l.root, note = (select note from ledger.log_checkpoints order by size limit 1)
            from ledger.log_state l where c.size = l.size;
            delete from ledger.log_checkpoints where size <> (select size from ledger.log_state)
            """);
        var result = await Audited.AuditOnAsync(copy);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(NotSigned, result.Output, StringComparison.Ordinal);
        Assert.Matches("signed\tnothing", result.Output);
    }

    [Fact]
    public async Task Without_a_key_nothing_is_called_signed()
    {
        var copy = await CopyAsync(isOld: false);
        await TamperAsync(copy, "delete from ledger.log_queue");
        var result = await CliDatabase.RunAsync(["audit", "--connection", copy]);
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.Matches("signed\tnothing", result.Output);
        Assert.Contains($"that was checked covers {await Audited.SizeAsync()} of its events.", result.Output, StringComparison.Ordinal);
        Assert.Contains("Signatures were not checked", result.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Whoever owns the database, and has no key, makes another's request of one: the event, the job's document, each hash above it, the
    /// root.
    /// </summary>
    /// <returns>The leaf of the changed event.</returns>
    private async Task<long> RewriteAsync(string copy)
    {
        await TamperAsync(
            copy,
            """
            update ledger.mt_events set data = jsonb_set(data, '{client}', '"cs-somebody"')
            where seq_id = (select max(seq_id) from ledger.mt_events where type = 'submitted');
            update ledger.mt_doc_job l set client = 'cs-somebody', data = jsonb_set(l.data, '{client}', '"cs-somebody"')
            from ledger.mt_events e where e.stream_id = l.id and e.data ->> 'client' = 'cs-somebody'
            """);
        await using var connection = new NpgsqlConnection(copy);
        await connection.OpenAsync();
        var (tree, changed) = (new TreeEdge(0, []), -1L);
        await foreach (var leaf in StoredLeaf.ReadAsync(connection, 0, await ScalarAsync(copy, "select size from ledger.log_state")))
        {
            changed = leaf.Data.AsSpan().IndexOf("cs-somebody"u8) >= 0 ? leaf.Index : changed;
            tree.AddLeaf(MerkleTree.LeafHash(leaf.Entry()));
        }
        var tiles = tree.Changed().Select(tile => $"({tile.Level}, {tile.Number}, '\\x{Convert.ToHexString(tile.Hashes)}'::bytea)");
        await TamperAsync(
            copy,
            $"""
            delete from ledger.log_tiles;
            insert into ledger.log_tiles values {string.Join(',', tiles)};
            update ledger.log_state set root = '\x{Convert.ToHexString(tree.Root())}'
            """);
        return changed;
    }

    private static string Insertion(string streamType, string eventType, string at) =>
        $$"""
        alter table ledger.mt_events disable trigger events_can_be_leaves;
        insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        select nextval('ledger.mt_events_sequence'), gen_random_uuid(), id, version + 1, '{}', '{{eventType}}', '{{at}}'
        from ledger.mt_streams where type = '{{streamType}}' limit 1;
        insert into ledger.log_queue (stream_id, first_version, last_version)
        select id, version + 1, version + 1 from ledger.mt_streams where type = '{{streamType}}' limit 1
        """;

    /// <param name="isOld">Its clock is an hour ahead, so that whatever is recorded is an hour old.</param>
    private async Task<string> CopyAsync(bool isOld)
    {
        var copy = await Audited.BackUpAsync();
        if (isOld)
        {
            var name = new NpgsqlConnectionStringBuilder(copy).Database;
            await TamperAsync(
                copy, $"update test_clock.shift set by = '1 hour'; alter database {name} set search_path = test_clock, pg_catalog, public");
        }
        return copy;
    }

    private Task TamperAsync(string copy, string sql) => Audited.TamperOnAsync(copy, sql);

    private static async Task<long> ScalarAsync(string copy, string sql)
    {
        await using var connection = new NpgsqlConnection(copy);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
