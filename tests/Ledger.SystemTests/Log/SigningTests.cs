using System.Diagnostics;
using System.Security.Cryptography;
using Ledger.Contracts.Transparency;
using Ledger.Log;

namespace Ledger.SystemTests.Log;

/// <summary>The log goes on after every crash, and nothing is signed that is not consistent with everything that was signed.</summary>
public sealed class SigningTests
{
    [SkippableFact]
    public async Task A_crash_after_each_step_leaves_a_log_that_goes_on_and_was_never_forked()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 300);
        await ledger.WriteAsync();
        var size = 300;
        foreach (var point in new[] { "log.before-commit", "log.after-commit", "log.checked", "log.signed", "log.stored", "log.published" })
        {
            await CrashAsync(ledger, point);
            size += 19;
            const string Published = "select max(size) from ledger.log_checkpoints where published_at is not null";
            Assert.Equal(size, await ledger.Events.ScalarAsync<long>(Published));
            const string Last = "select note from ledger.log_checkpoints order by size desc limit 1";
            Assert.Equal(LastSigned(ledger), await ledger.Events.ScalarAsync<string>(Last));
        }
    }

    private static async Task CrashAsync(LogLedger ledger, string point)
    {
        for (var crash = 0; crash < 3; crash++)
        {
            await ledger.AppendAsync($"before crash {crash} at {point}", 5);
            await Assert.ThrowsAsync<UnreachableException>(
                () => ledger.Writer(at => Throw(at == point)).RunOnceAsync(CancellationToken.None));
            if (crash > 0)
                await ledger.AppendAsync($"after crash {crash} at {point}", 2);
            // Another machine may be the one that goes on; the third time the crashed one.
            var goesOn = ledger.Writer(folder: crash == 1 ? ledger.CopyOfKeys() : null);
            await ledger.WriteAsync(goesOn);
            await ledger.WriteAsync();
            await ledger.HoldsAsync();
        }
    }

    private static void Throw(bool crash)
    {
        if (crash)
            throw new UnreachableException("crash");
    }

    private static string LastSigned(LogLedger ledger) => File.ReadAllText(Path.Combine(ledger.KeyDirectory, "log.checkpoint"));

    [SkippableFact]
    public async Task A_database_that_was_rolled_back_is_refused_before_and_after_it_grew_again()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("kept", 10);
        await ledger.WriteAsync();
        await ledger.Events.ExecuteAsync(Tampering.Save);
        await ledger.AppendAsync("lost", 3);
        await ledger.WriteAsync();
        var signed = LastSigned(ledger);

        await ledger.Events.ExecuteAsync(Tampering.Restore);
        var heartbeat = await ledger.Events.ScalarAsync<DateTime>("select covered_until from ledger.log_state");
        await RefusedAsync(ledger, "the log in the database has 10 leaves, and 13 were signed", "new-origin");
        await ledger.AppendAsync("other", 2);
        await RefusedAsync(ledger, "has 12 leaves, and 13 were signed");
        await ledger.AppendAsync("another", 1);
        await RefusedAsync(ledger, "the first 13 leaves in the database have another root", "new-origin");
        await ledger.AppendAsync("and another", 300);
        await RefusedAsync(ledger, "the first 13 leaves in the database have another root");
        Assert.Equal(signed, LastSigned(ledger));
        Assert.Equal(10, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
        Assert.Equal(heartbeat, await ledger.Events.ScalarAsync<DateTime>("select covered_until from ledger.log_state"));
    }

    [SkippableFact]
    public async Task Without_the_signers_memory_nothing_is_signed_and_with_it_the_log_goes_on()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("a", 4);
        await ledger.WriteAsync();
        var file = Path.Combine(ledger.KeyDirectory, "log.checkpoint");
        File.Move(file, file + ".away");
        await ledger.AppendAsync("b", 3);
        await RefusedAsync(ledger, $"'{file}' is missing, though this log was signed before");
        Assert.Equal(4, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
        File.Move(file + ".away", file);
        await ledger.WriteAsync();
        Assert.Equal(7, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
        await ledger.HoldsAsync();
    }

    [SkippableFact]
    public async Task A_fork_of_equal_size_is_refused()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("a", 4);
        await ledger.WriteAsync();
        // The same keys on another database that has as many other events.
        await using var fork = await LogLedger.CreateAsync(ledger.KeyDirectory);
        await fork.AppendAsync("b", 4);
        await RefusedAsync(fork, "the first 4 leaves in the database have another root than the checkpoint of 4 that was signed");
        Assert.Equal(0, await fork.Events.ScalarAsync<long>("select count(*) from ledger.log_checkpoints"));
    }

    [SkippableFact]
    public async Task What_is_changed_between_hashing_and_signing_is_found_on_the_second_path_and_named()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 300);
        await ledger.WriteAsync();
        await ledger.Events.ExecuteAsync(Tampering.Save);
        var signed = LastSigned(ledger);
        foreach (var (tampering, named) in new[]
                 {
                     ("changed", "leaf 300 (version 1 of stream"), ("removed", "leaf 302, version 3 of stream"),
                     ("reordered", "leaf 300 (version 1 of stream"), ("leaf tile", "leaf 300 (version 1 of stream"),
                     ("tile", "tile 1/0 does not follow from the level below"), ("state", "by a second calculation"),
                 })
        {
            var stream = await ledger.AppendAsync("second", 300);
            var sql = Tampering.Of(tampering, stream);
            var writer = ledger.Writer(at => Do(at == "log.after-commit", () => ledger.Events.ExecuteAsync(sql)));
            for (var pass = 0; pass < 2; pass++)
                Assert.Contains(named, (await writer.RunOnceAsync(CancellationToken.None)).Problem, StringComparison.Ordinal);
            var isOfOneStream = !tampering.EndsWith("tile", StringComparison.Ordinal) && tampering != "state";
            Assert.Contains(isOfOneStream ? stream.ToString() : "", writer.Problem, StringComparison.Ordinal);
            Assert.Equal(signed, LastSigned(ledger));
            Assert.Equal(300, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
            await ledger.Events.ExecuteAsync(Tampering.Restore);
        }
    }

    private static void Do(bool now, Func<Task> act)
    {
        if (now)
            act().GetAwaiter().GetResult();
    }

    [SkippableFact]
    public async Task A_changed_right_edge_is_found_before_anything_is_added_to_it()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 300);
        await ledger.WriteAsync();
        await ledger.Events.ExecuteAsync(Tampering.Of("edge", Guid.Empty));
        await ledger.AppendAsync("second");
        await RefusedAsync(ledger, "the log's stored tiles do not give the root of its 300 leaves");
        Assert.Equal(300, await ledger.Events.ScalarAsync<long>("select size from ledger.log_state"));
    }

    [SkippableFact]
    public async Task An_event_that_was_removed_and_inserted_again_is_not_logged_twice()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var stream = await ledger.AppendAsync("first", 10);
        await ledger.WriteAsync();
        await ledger.Events.ExecuteAsync(
            $"""
            alter table ledger.mt_events disable trigger events_stay, disable trigger events_can_be_leaves;
            with gone as (delete
                from ledger.mt_events
                where stream_id = '{stream}' and version = 4 returning *) insert into ledger.mt_events select * from gone where false;
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type) select 99, gen_random_uuid(), '{stream}', 4,
                jsonb_build_object(), 'other';
            insert into ledger.log_queue (stream_id, first_version, last_version) values ('{stream}', 4, 4);
            """);
        await RefusedAsync(ledger, $"version 4 of stream {stream} is in the log already");
    }

    [SkippableFact]
    public async Task An_event_that_is_removed_before_it_is_logged_is_missed()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var stream = await ledger.AppendAsync("first", 10);
        await ledger.Events.ExecuteAsync(
            $"alter table ledger.mt_events disable trigger events_stay; delete from ledger.mt_events where stream_id = '{stream}' and "
            + "version = 10"
        );
        await RefusedAsync(ledger, $"version 10 of stream {stream} was appended and is gone");
    }

    [SkippableFact]
    public async Task A_checkpoint_that_another_key_signed_stops_the_log()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 3);
        await ledger.WriteAsync();
        var other = new NoteSigner(LogLedger.Origin, NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(32));
        var checkpoint = new Checkpoint(LogLedger.Origin, 4, SHA256.HashData([]));
        await using (
            var command = ledger.Events.Superuser.CreateCommand("insert into ledger.log_checkpoints values ($1, 4, $2, $3, now(), now())"))
        {
            foreach (
                var value in new object[]
                {
                    LogLedger.Origin, checkpoint.Root, new SignedNote(checkpoint.Text, [other.Sign(checkpoint.Text)]).ToString(),
                }
            )
                command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync();
        }
        await RefusedAsync(ledger, "the checkpoint of size 4 in the database was not signed by this log's key");
    }

    [SkippableTheory]
    [InlineData("log.checked")]
    [InlineData("log.signed")]
    [InlineData("log.stored")]
    public async Task A_process_that_freezes_in_its_pass_keeps_nobody_from_signing_and_does_not_go_back_when_it_thaws(string point)
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 3);
        var isFrozen = false;
        var writer = ledger.Writer(at =>
        {
            if (at != point || isFrozen)
                return;
            isFrozen = true;
            // Meanwhile another one goes on, and the log grows.
            ledger.AppendAsync("second", 2).GetAwaiter().GetResult();
            Assert.Equal(new LogPass(2, 5, null), ledger.Writer().RunOnceAsync(CancellationToken.None).GetAwaiter().GetResult());
        });
        await writer.RunOnceAsync(CancellationToken.None);
        Assert.True(isFrozen);
        const string Last = "select note from ledger.log_checkpoints where published_at is not null order by size desc limit 1";
        Assert.Equal(LastSigned(ledger), await ledger.Events.ScalarAsync<string>(Last));
        Assert.Equal(5, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
        Assert.Equal(new LogPass(0, 5, null), await writer.RunOnceAsync(CancellationToken.None));
    }

    [SkippableFact]
    public async Task Two_processes_that_share_the_key_folder_do_not_sign_at_once()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 3);
        using (LogSigner.TryLock(ledger.KeyDirectory))
        {
            Assert.Equal(new LogPass(3, null, null), await ledger.Writer().RunOnceAsync(CancellationToken.None));
            Assert.Equal(0, await ledger.Events.ScalarAsync<long>("select count(*) from ledger.log_checkpoints"));
        }
        await ledger.WriteAsync();
        Assert.Equal(3, await ledger.Events.ScalarAsync<long>("select max(size) from ledger.log_checkpoints"));
    }

    [SkippableFact]
    public async Task Without_a_quorum_what_is_signed_stays_unpublished_and_is_tried_again_with_the_next_pass()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var asked = new List<long>();
        var isMet = false;
        var writer = ledger.Writer(
            cosign: (checkpoint, note, _) =>
            {
                asked.Add(checkpoint.Size);
                return Task.FromResult(
                    new CosignedNote(note + $"— witness.example/{asked.Count} AAAAAAAA\n", isMet, "witness.example/w1 does not answer"));
            }
        );
        await ledger.AppendAsync("first", 3);
        const string Published = "select count(*) from ledger.log_checkpoints where published_at is not null";
        for (var pass = 0; pass < 2; pass++)
        {
            Assert.Contains(
                "quorum has not cosigned the latest checkpoint: witness.example/w1 does not answer",
                (await writer.RunOnceAsync(CancellationToken.None)).Problem, StringComparison.Ordinal);
            Assert.Equal(0, await ledger.Events.ScalarAsync<long>(Published));
        }
        await ledger.AppendAsync("second", 1);
        await writer.RunOnceAsync(CancellationToken.None);
        isMet = true;
        await ledger.WriteAsync(writer);
        await ledger.WriteAsync(writer);
        Assert.Equal([3, 3, 4, 4], asked);
        Assert.Equal(1, await ledger.Events.ScalarAsync<long>(Published));
        Assert.EndsWith(
            "\n— witness.example/3 AAAAAAAA\n— witness.example/4 AAAAAAAA\n",
            await ledger.Events.ScalarAsync<string>("select note from ledger.log_checkpoints where size = 4"), StringComparison.Ordinal);
        await ledger.HoldsAsync();
    }

    private static async Task RefusedAsync(LogLedger ledger, params string[] told)
    {
        var pass = await ledger.Writer().RunOnceAsync(CancellationToken.None);
        foreach (var part in told)
            Assert.Contains(part, pass.Problem, StringComparison.Ordinal);
    }
}
