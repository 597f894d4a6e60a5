using System.Net;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Projections;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Log;

/// <summary><c>ledger log</c>: the key, the checkpoint, and a new name after what was signed is lost.</summary>
public sealed class NewOriginTests
{
    private const string Next = "ledger.example/b";

    [SkippableFact]
    public async Task After_a_lossy_restore_the_log_goes_on_under_a_new_name_and_old_checkpoints_still_verify()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("kept", 300);
        await ledger.WriteAsync();
        await ledger.Events.ExecuteAsync(Tampering.Save);
        await ledger.AppendAsync("lost", 3);
        await ledger.WriteAsync();
        var (oldKey, oldNote) = (ledger.Key, await File.ReadAllTextAsync(Path.Combine(ledger.KeyDirectory, "log.checkpoint")));
        await ledger.Events.ExecuteAsync(Tampering.Restore);
        Assert.Contains("new-origin", (await ledger.Writer().RunOnceAsync(CancellationToken.None)).Problem, StringComparison.Ordinal);

        var key = await OriginChange.RunAsync(ledger.Events.Service, TestStore.One, ledger.KeyDirectory, Next, "ada", "restored",
            TimeProvider.System, CancellationToken.None);
        Assert.Equal((Next, key), (key.Name, ledger.Key));
        var opened = Assert.IsType<OriginOpened>(Assert.Single(await ledger.Events.ReadAsync(StreamIds.Log)).Event);
        var last = Checkpoint.Open(SignedNote.Parse(oldNote), oldKey);
        Assert.Equal(
            (Next, LogLedger.Origin, 300, 303, "ada", "restored"),
            (opened.Origin, opened.PreviousOrigin, opened.Size, opened.PreviousSize, opened.Actor, opened.Reason));
        Assert.Equal(last.Root, opened.PreviousRoot);
        Assert.Equal("-infinity", await ledger.Events.ScalarAsync<string>("select covered_until::text from ledger.log_state"));

        await ledger.WriteAsync();
        await ledger.HoldsAsync();
        Assert.Equal(
            1,
            await ledger.Events.ScalarAsync<long>(
                $"select count(*) from ledger.log_checkpoints where origin = '{Next}' and size = 301 and published_at is not null")
        );
        // Of the old key the public half is left, and the last that it signed: what was handed out can be checked for ever.
        Assert.Equal($"{oldKey}\n", await File.ReadAllTextAsync(Path.Combine(ledger.KeyDirectory, "log-000001.vkey")));
        Assert.Equal(oldNote, await File.ReadAllTextAsync(Path.Combine(ledger.KeyDirectory, "log-000001.checkpoint")));
        Assert.DoesNotContain(
            Directory.GetFiles(ledger.KeyDirectory),
            file => File.ReadAllText(file).Contains($"PRIVATE+KEY+{LogLedger.Origin}+", StringComparison.Ordinal));
        await ledger.HoldsAsync(oldKey);
        foreach (var used in new[] { Next, LogLedger.Origin })
        {
            var refusal = await Assert.ThrowsAsync<LogException>(() => OriginChange.RunAsync(
                ledger.Events.Service, TestStore.One, ledger.KeyDirectory, used, "ada", null, TimeProvider.System, CancellationToken.None));
            Assert.Contains("already", refusal.Message, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_crash_between_the_record_and_the_key_is_finished_by_the_next_signer_and_a_folder_left_behind_is_told()
    {
        await using var ledger = await LogLedger.CreateAsync();
        await ledger.AppendAsync("first", 3);
        await ledger.WriteAsync();
        var (behind, old) = (ledger.CopyOfKeys(), ledger.Key);
        var key = LogKeyFile.Prepare(ledger.KeyDirectory, Next).Verifier;
        await ledger.Events.ExecuteAsync($"update ledger.log_state set origin = '{Next}'");

        Assert.Contains(
            $"the log goes under the name {Next}", (await ledger.Writer(folder: behind).RunOnceAsync(CancellationToken.None)).Problem,
            StringComparison.Ordinal);
        await ledger.WriteAsync();
        Assert.Equal(key, ledger.Key);
        Assert.Equal($"{old}\n", await File.ReadAllTextAsync(Path.Combine(ledger.KeyDirectory, "log-000001.vkey")));
        await ledger.HoldsAsync();
    }

    [SkippableFact]
    public async Task A_prepared_key_that_was_never_recorded_is_not_used_and_a_tampered_tree_gets_no_new_name()
    {
        await using var ledger = await LogLedger.CreateAsync();
        var stream = await ledger.AppendAsync("first", 600);
        await ledger.WriteAsync();
        LogKeyFile.Prepare(ledger.KeyDirectory, Next);
        await ledger.WriteAsync();
        Assert.Equal(LogLedger.Origin, ledger.Key.Name);

        await ledger.Events.ExecuteAsync(Tampering.Of("changed", stream));
        await OriginChange.RunAsync(
            ledger.Events.Service, TestStore.One, ledger.KeyDirectory, "ledger.example/c", "ada", null, TimeProvider.System,
            CancellationToken.None);
        Assert.Contains(
            "leaf 0 (version 1 of stream", (await ledger.Writer().RunOnceAsync(CancellationToken.None)).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_command_line_prints_key_and_checkpoint_and_opens_a_new_name()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions());
        string[] where = ["--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory];
        var unpublished = await CliDatabase.RunAsync(["log", "checkpoint", .. where]);
        Assert.Equal((1, ""), (unpublished.ExitCode, unpublished.Output));
        await service.WriteLogAsync();

        var vkey = (await CliDatabase.RunAsync(["log", "key", .. where])).Output.Trim();
        var note = (await CliDatabase.RunAsync(["log", "checkpoint", .. where])).Output;
        Assert.Equal(note, await service.Client.GetStringAsync("/log/checkpoint"));
        Checkpoint.Open(SignedNote.Parse(note), NoteVerifier.Parse(vkey));

        foreach (var name in new[] { "https://ledger.example/x", "with space", "a+b", "/x", "" })
            Assert.NotEqual(0, (await CliDatabase.RunAsync(["log", "new-origin", name, .. where])).ExitCode);
        var renamed = await CliDatabase.RunAsync(["log", "new-origin", Next, "--reason", "moved", "--actor", "ada", .. where]);
        // The vkey alone, so that a script can keep it.
        Assert.Equal((0, (await CliDatabase.RunAsync(["log", "key", .. where])).Output), (renamed.ExitCode, renamed.Output));
        await Execution.Steps.UntilAsync(
            "the old name's checkpoint is served",
            async () => (await service.Client.GetAsync("/log/checkpoint")).StatusCode == HttpStatusCode.NotFound);
        await service.WriteLogAsync();
        await Execution.Steps.UntilAsync(
            "the new name's checkpoint is not served",
            async () =>
                (await service.Client.GetAsync("/log/checkpoint")) is { IsSuccessStatusCode: true } answer
                && (await answer.Content.ReadAsStringAsync()).StartsWith($"{Next}\n", StringComparison.Ordinal)
        );
        Assert.Equal("log_stream", await service.ScalarAsync<string>("select type from ledger.mt_streams where id = $1", StreamIds.Log));
    }

    [SkippableFact]
    public async Task A_new_key_folder_takes_the_log_name_that_it_is_given()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var folder = Path.Combine(cli.Folder, "named");
        Assert.Equal(0, (await CliDatabase.RunAsync(["key", "new", "--keys", folder, "--origin", Next])).ExitCode);
        Assert.StartsWith($"{Next}+", (await CliDatabase.RunAsync(["log", "key", "--keys", folder])).Output, StringComparison.Ordinal);
        Assert.StartsWith($"PRIVATE+KEY+{Next}+", await File.ReadAllTextAsync(Path.Combine(folder, "log.key")), StringComparison.Ordinal);
        Assert.Matches("^ledger.localhost/[0-9a-f]{16}[+]", (await CliDatabase.RunAsync(["log", "key", "--keys", cli.Keys])).Output);
        Assert.Equal(
            2, (await CliDatabase.RunAsync(["key", "new", "--keys", Path.Combine(cli.Folder, "bad"), "--origin", "a b"])).ExitCode);
        Assert.False(Directory.Exists(Path.Combine(cli.Folder, "bad")));
    }
}
