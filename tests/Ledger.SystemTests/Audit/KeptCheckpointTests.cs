using Ledger.Contracts.Transparency;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Audit;

/// <summary>An auditor's own checkpoints, kept outside, show what the database alone cannot.</summary>
public sealed class KeptCheckpointTests
{
    [Fact]
    public async Task A_database_that_was_rolled_back_to_an_older_backup_is_named_so()
    {
        await using var audited = await AuditedService.StartAsync();
        var early = await audited.KeepCheckpointAsync();
        var backup = await audited.BackUpAsync();
        var size = await audited.SizeAsync();
        await audited.Service.SubmitAsync(new { conversationIds = new[] { "later" } });
        await audited.Service.RunSlicesAsync();
        var late = await audited.KeepCheckpointAsync();
        await audited.HoldsAsync("--checkpoint", early, "--checkpoint", late);

        Assert.Equal(0, (await audited.AuditOnAsync(backup, "--checkpoint", early)).ExitCode);
        foreach (var option in new[] { "--checkpoint", "--since" })
        {
            var result = await audited.AuditOnAsync(backup, option, late);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(
                $"The log was rolled back: your checkpoint {late}, at size {await audited.SizeAsync()}", result.Output,
                StringComparison.Ordinal);
            Assert.Contains($"{size} leaves: {await audited.SizeAsync() - size} are missing", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("fork", result.Output, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_fork_of_equal_size_is_named_so_and_where_the_histories_part()
    {
        await using var audited = await AuditedService.StartAsync();
        var early = await audited.KeepCheckpointAsync();
        var size = await audited.SizeAsync();
        var (backup, keys) = (await audited.BackUpAsync(), audited.CopyKeys());
        await audited.AppendAsync();
        var late = await audited.KeepCheckpointAsync();
        await audited.GoOnAsync(backup, keys);

        // Each history holds by itself: only who has seen both can tell.
        Assert.Equal(0, (await audited.AuditOnAsync(backup, "--checkpoint", early)).ExitCode);
        var result = await audited.AuditOnAsync(backup, "--checkpoint", early, "--checkpoint", late);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"The log was forked: your checkpoint {late}, at size {size + 1}", result.Output, StringComparison.Ordinal);
        Assert.Contains($"They agree up to leaf {size}, and part before leaf {size + 1}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_history_that_was_rewritten_with_all_its_hashes_is_a_fork_to_the_ledgers_own_checkpoints()
    {
        await using var audited = await AuditedService.StartAsync();
        // Everything that the database can be made to say: the log is written anew over a changed event, as a fresh one.
        await audited.TamperAsync(
            $"""
            update ledger.mt_events set data = jsonb_set(data, '{'{'}items,messages{'}'}', '7')
                where stream_id = '{audited.Stream}' and version = 4;
            delete from ledger.log_runs; delete from ledger.log_tiles;
            update ledger.log_state set size = 0, root = sha256('');
            insert into ledger.log_queue (stream_id, first_version, last_version) select stream_id, min(version), max(version)
                from ledger.mt_events group by stream_id order by min(seq_id);
            """);
        await audited.Service.Services.GetRequiredService<Ledger.Log.LogWriter>().RunOnceAsync(CancellationToken.None);
        await audited.FindsAsync([
            "The log was forked: the checkpoint of ledger.localhost/", "(ledger.log_checkpoints)", "Events were rewritten and logged anew",
        ]);
    }

    [Fact]
    public async Task A_checkpoint_of_an_earlier_name_whose_leaves_a_restore_lost_is_named_so()
    {
        await using var audited = await AuditedService.StartAsync();
        var oldKey = audited.Key;
        var (backup, keys) = (await audited.BackUpAsync(), audited.CopyKeys());
        await audited.AppendAsync();
        var late = await audited.KeepCheckpointAsync();
        await using (var source = Npgsql.NpgsqlDataSource.Create(backup))
            await Ledger.Log.OriginChange.RunAsync(
                source, TestStore.One, keys, "ledger.example/b", "test", "a restore", TimeProvider.System, CancellationToken.None);
        await audited.GoOnAsync(backup, keys);
        string[] vkeys = ["--key", oldKey, "--key", Ledger.Keys.LogKeyFile.Read(keys).Verifier.ToString()];

        Assert.Equal(0, (await audited.AuditOnAsync(backup, vkeys)).ExitCode);
        Assert.Equal(0, (await audited.AuditOnAsync(backup, "--keys", keys)).ExitCode);
        var result = await audited.AuditOnAsync(backup, [.. vkeys, "--checkpoint", late]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"The log was rolled back: your checkpoint {late}", result.Output, StringComparison.Ordinal);
        Assert.Contains("leaves were lost in a restore, and the log goes on as ledger.example/b", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_of_an_earlier_name_names_what_a_restore_lost_also_with_the_key_folder_of_the_new_name()
    {
        await using var audited = await AuditedService.StartAsync();
        var common = await audited.SizeAsync();
        var backup = await audited.BackUpAsync();
        // More than the new name begins with: its checkpoint is then of a size that the mirror has.
        await audited.Service.SubmitAsync(new { conversationIds = new[] { "nobody-1" } });
        await audited.AppendAsync();
        await audited.ExportAsync();
        var keys = audited.CopyKeys();
        await using (var source = Npgsql.NpgsqlDataSource.Create(backup))
        {
            await Ledger.Log.OriginChange.RunAsync(
                source, TestStore.One, keys, "ledger.example/b", "test", "a restore", TimeProvider.System, CancellationToken.None);
        }
        await audited.GoOnAsync(backup, keys);

        var result = await audited.AuditOnAsync(backup, "--mirror", audited.Mirror, "--keys", keys);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            $"The database has the first {common} of the mirror's {await audited.SizeAsync()} leaves", result.Output,
            StringComparison.Ordinal);
        Assert.Contains("The mirror is of the log's earlier name", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_lost_before_a_renaming_is_told_and_is_no_difference()
    {
        await using var audited = await AuditedService.StartAsync();
        var backup = await audited.BackUpAsync();
        await audited.AppendAsync();
        var keys = audited.CopyKeys();
        var lost = await audited.AuditOnAsync(backup, "--keys", keys);
        Assert.Equal(1, lost.ExitCode);
        Assert.Contains($"rolled back: the checkpoint beside the keys, {keys}/log.checkpoint", lost.Output, StringComparison.Ordinal);

        await using (var source = Npgsql.NpgsqlDataSource.Create(backup))
        {
            await Ledger.Log.OriginChange.RunAsync(
                source, TestStore.One, keys, "ledger.example/b", "test", "a restore", TimeProvider.System, CancellationToken.None);
        }
        await audited.GoOnAsync(backup, keys);
        var known = await audited.AuditOnAsync(backup, "--keys", keys);
        Assert.True(known.ExitCode == 0, known.Output);
        Assert.Contains(
            "before it was renamed: the log does not have those of the checkpoint beside", known.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_another_key_signed_or_of_another_log_is_refused()
    {
        await using var audited = await AuditedService.StartAsync();
        var file = await audited.KeepCheckpointAsync();
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(await File.ReadAllTextAsync(file)).Text);
        var forger = new NoteSigner(checkpoint.Origin, NoteKeyType.Ed25519, new byte[32]);
        await File.WriteAllTextAsync(file, new SignedNote(checkpoint.Text, [forger.Sign(checkpoint.Text)]).ToString());
        await audited.FindsAsync(
            [$"A checkpoint is not the log's: your checkpoint {file}", $"it is signed by another key: {checkpoint.Origin}+"],
            "--checkpoint", file);

        var other = checkpoint with { Origin = "other.example/log" };
        var stranger = new NoteSigner(other.Origin, NoteKeyType.Ed25519, new byte[32]);
        await File.WriteAllTextAsync(file, new SignedNote(other.Text, [stranger.Sign(other.Text)]).ToString());
        await audited.FindsAsync(["it is of the log 'other.example/log'"], "--checkpoint", file);

        // Judged by the forger's key, nothing in the database is the log's.
        await audited.FindsAsync(
            ["A checkpoint is not the log's: the checkpoint of ", "(ledger.log_checkpoints)"], "--key", forger.Verifier.ToString());
    }

    [Fact]
    public async Task Since_a_checkpoint_only_what_came_after_it_is_audited()
    {
        await using var audited = await AuditedService.StartAsync();
        var since = await audited.KeepCheckpointAsync();
        var size = await audited.SizeAsync();
        await audited.Service.AddConversationsAsync("b", 300, "user-2");
        var job = await audited.Service.SubmitAsync(new { cId = "user-2" });
        await audited.Service.RunSlicesAsync();
        await audited.TamperAsync(
            "update ledger.mt_events set data = jsonb_set(data, '{items,messages}', '7') where stream_id = $1 and version = 4",
            audited.Stream);

        var result = await audited.AuditAsync("--since", since);
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.Matches($"leaves\t{await audited.SizeAsync() - size} re-derived", result.Output);
        Assert.Matches("streams\t1, 304 events replayed", result.Output);
        await audited.FindsAsync(["An event was changed"]);

        await audited.TamperAsync(
            "update ledger.mt_events set data = jsonb_set(data, '{items,messages}', '7') where stream_id = $1 and version = 100",
            Guid.Parse(job["cdj-".Length..]));
        await audited.FindsAsync([$"An event was changed: leaf {size + 99}, version 100 of {job}"], "--since", since);
    }

    [Fact]
    public async Task What_is_no_vkey_or_no_file_is_refused_in_words()
    {
        await using var audited = await AuditedService.StartAsync();
        var result = await audited.AuditAsync("--key", "nonsense");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("--key is not a vkey", result.Error, StringComparison.Ordinal);
        Assert.Contains("there is no such file", (await audited.AuditAsync("--checkpoint", "/nowhere")).Error, StringComparison.Ordinal);
    }
}
