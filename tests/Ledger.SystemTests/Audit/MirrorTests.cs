using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Forgetting;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Forgetting;
using Microsoft.Extensions.DependencyInjection;
using Ledger.Registry;

namespace Ledger.SystemTests.Audit;

/// <summary>A mirror is the log as static files: exported, audited without a database, and what names what a restore lost.</summary>
public sealed class MirrorTests
{
    [Fact]
    public async Task A_mirror_has_the_files_that_the_service_serves_and_is_audited_without_a_database()
    {
        await using var audited = await AuditedService.StartAsync();
        var size = await audited.SizeAsync();
        Assert.Contains($"holds {size} leaves of ledger.localhost/", await audited.ExportAsync(), StringComparison.Ordinal);
        foreach (var path in new[] { "checkpoint", $"tile/0/000.p/{size}", $"tile/entries/000.p/{size}" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/log/{path}")
            {
                Headers = { { "auth", audited.Service.Token(Scope.LedgerAudit) } },
            };
            using var served = await audited.Service.Client.SendAsync(request);
            Assert.Equal(await served.Content.ReadAsByteArrayAsync(), await File.ReadAllBytesAsync(Path.Combine(audited.Mirror, path)));
        }
        Assert.Equal(3, Directory.GetFiles(audited.Mirror, "*", SearchOption.AllDirectories).Length);
        var result = await audited.AuditMirrorAsync();
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains("The mirror holds: nothing differs.", result.Output, StringComparison.Ordinal);
        Assert.Matches($"leaves\t{size} re-derived", result.Output);
    }

    [Fact]
    public async Task An_export_adds_what_is_new_writes_full_tiles_once_and_leaves_no_older_partials()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.ExportAsync();
        var first = await audited.SizeAsync();
        Assert.Contains("0 of them new", await audited.ExportAsync(), StringComparison.Ordinal);
        await audited.Service.AddConversationsAsync("b", 600, "user-2");
        await audited.Service.SubmitAsync(new { cId = "user-2" });
        await audited.Service.RunSlicesAsync();
        var second = await audited.SizeAsync();
        Assert.Contains($"{second - first} of them new", await audited.ExportAsync(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "checkpoint", "tile/0/000", "tile/0/001", $"tile/0/002.p/{second % 256}", "tile/1/000.p/2", "tile/entries/000",
                "tile/entries/001", $"tile/entries/002.p/{second % 256}",
            ],
            Directory
                .GetFiles(audited.Mirror, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(audited.Mirror, file))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(0, (await audited.AuditMirrorAsync()).ExitCode);

        var full = File.GetLastWriteTimeUtc(Path.Combine(audited.Mirror, "tile/0/001"));
        await audited.AppendAsync();
        await audited.ExportAsync();
        Assert.Equal(full, File.GetLastWriteTimeUtc(Path.Combine(audited.Mirror, "tile/0/001")));
        Assert.True(File.Exists(Path.Combine(audited.Mirror, $"tile/0/002.p/{(second + 1) % 256}")));
        Assert.False(File.Exists(Path.Combine(audited.Mirror, $"tile/0/002.p/{second % 256}")));
        Assert.Equal(0, (await audited.AuditMirrorAsync()).ExitCode);
    }

    [Fact]
    public async Task A_mirror_over_HTTP_is_the_same_as_one_from_the_database()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.ExportAsync();
        var files = Directory.GetFiles(audited.Mirror, "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllBytes);
        Directory.Delete(audited.Mirror, recursive: true);
        var url = $"{audited.Service.Client.BaseAddress}"; // of the service: the log is under it
        Assert.Contains("entries need a valid token", (await audited.TryExportAsync("--from", url)).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(audited.Mirror, "checkpoint")));
        var token = audited.Service.Token(Scope.LedgerAudit);
        string[] export = ["log", "export", audited.Mirror, "--key", audited.Key, "--from", url];
        using (var typed = LedgerProcess.Start([.. export, "--token-stdin"]))
        {
            typed.Type([token]);
            Assert.True(await typed.ExitCodeAsync() == 0, typed.Error);
        }
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));

        Directory.Delete(audited.Mirror, recursive: true);
        export[^1] = $"{url}log/";
        using (var inherited = LedgerProcess.Start(new Dictionary<string, string> { ["LEDGER_TOKEN"] = token }, export))
            Assert.True(await inherited.ExitCodeAsync() == 0, inherited.Error);
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));

        // A new bot ends the mirroring of who may audit only the bots of before.
        await audited.Service.AddBotAsync();
        await audited.AppendAsync();
        using (var stale = LedgerProcess.Start(new Dictionary<string, string> { ["LEDGER_TOKEN"] = token }, export))
        {
            Assert.Equal(1, await stale.ExitCodeAsync());
            Assert.Contains("lacks the scope 'Ledger Audit' for one of them at least", stale.Error, StringComparison.Ordinal);
            Assert.Contains("--bot '*' --scope ledger-audit", stale.Error, StringComparison.Ordinal);
        }
        var client = $"cs-{(int)Scope.LedgerAudit}";
        Assert.Null(await audited.Service.Registry.ExecuteOnClientAsync(
            client, new GrantLedgerAudit(client, "test", null), secret: null, CancellationToken.None));
        using (var granted = LedgerProcess.Start(new Dictionary<string, string> { ["LEDGER_TOKEN"] = token }, export))
            Assert.True(await granted.ExitCodeAsync() == 0, granted.Error);
    }

    /// <summary>A token as an option's value would stand in the list of processes.</summary>
    [Fact]
    public async Task A_token_is_no_value_of_an_option()
    {
        var result = await CliDatabase.RunAsync([
            "log",
            "export",
            Path.GetTempPath(),
            "--from",
            "https://log.example/log",
            "--token",
            "e.y.J",
        ]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--token", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tile/entries", "An event was changed: leaf ")]
    [InlineData("tile/0", "A tile was changed: tile 0/0, hash ")]
    [InlineData("checkpoint", "A checkpoint is not the log's: the mirror's checkpoint")]
    public async Task A_changed_file_of_a_mirror_is_named(string file, string finding)
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.ExportAsync();
        var path =
            file == "checkpoint"
                ? Path.Combine(audited.Mirror, file)
                : Path.Combine(audited.Mirror, file, $"000.p/{await audited.SizeAsync()}");
        var bytes = await File.ReadAllBytesAsync(path);
        // In an entry: a digit of an instant, so that it stays an entry. In a checkpoint: a letter of its root.
        var at = file switch
        {
            "tile/entries" => bytes.AsSpan().IndexOf("\"at\":\"20"u8) + 6,
            "checkpoint" => Array.IndexOf(bytes, (byte)'=') - 4,
            _ => 100,
        };
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        var result = await audited.AuditMirrorAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(finding, result.Output, StringComparison.Ordinal);
        Assert.Contains("The mirror does not hold", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_of_a_mirror_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.ExportAsync();
        var bundle = $"tile/entries/000.p/{await audited.SizeAsync()}";
        File.Delete(Path.Combine(audited.Mirror, bundle));
        var result = await audited.AuditMirrorAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"A file of the mirror is damaged: {bundle}", result.Output, StringComparison.Ordinal);
        Directory.Delete(audited.Mirror, recursive: true);
        Assert.Contains("there is no mirror", (await audited.AuditMirrorAsync()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_is_not_overwritten_by_a_rolled_back_forked_or_changed_log()
    {
        await using var audited = await AuditedService.StartAsync();
        var (backup, keys) = (await audited.BackUpAsync(), audited.CopyKeys());
        await audited.AppendAsync();
        await audited.ExportAsync();
        var checkpoint = await File.ReadAllTextAsync(Path.Combine(audited.Mirror, "checkpoint"));

        Assert.Contains(
            "rolled back to an older backup", (await audited.TryExportAsync("--connection", backup)).Error, StringComparison.Ordinal);
        await audited.GoOnAsync(backup, keys);
        Assert.Contains(
            "a fork, or events were changed", (await audited.TryExportAsync("--connection", backup)).Error, StringComparison.Ordinal);
        await audited.AppendAsync();
        await audited.Service.AddBotAsync();
        await audited.Service.WriteLogAsync();
        await audited.TamperAsync(
            "update ledger.mt_events set data = jsonb_set(data, '{items,messages}', '7') where stream_id = $1 and version = 4",
            audited.Stream);
        Assert.Contains("a fork, or events were changed", (await audited.TryExportAsync()).Error, StringComparison.Ordinal);

        Assert.Equal(checkpoint, await File.ReadAllTextAsync(Path.Combine(audited.Mirror, "checkpoint")));
        Assert.Equal(0, (await audited.AuditMirrorAsync()).ExitCode);
    }

    [Fact]
    public async Task After_a_restore_the_mirror_names_the_lost_jobs_and_the_conversations_to_erase_again()
    {
        await using var audited = await AuditedService.StartAsync();
        var service = audited.Service;
        await service.AddConversationsAsync("b", 3, "user-2");
        await service.AddConversationsAsync("c", 2, "user-3");
        await service.AddConversationsAsync("d", 1, "user-4");
        // One job has its list when the backup is made, one is waiting, and one comes after it.
        var started = await service.SubmitAsync(new { cId = "user-2" });
        await service.Services.RunSliceAsync("test");
        var waiting = await service.SubmitAsync(new { conversationIds = new[] { "c-00001" } });
        await service.WriteLogAsync();
        var common = await audited.SizeAsync();
        var backup = await audited.BackUpAsync();
        await service.RunSlicesAsync();
        var late = await service.SubmitAsync(new { conversationIds = new[] { "d-00001" } });
        await service.RunSlicesAsync();
        await audited.ExportAsync();

        var whole = await audited.AuditAsync("--mirror", audited.Mirror);
        Assert.True(whole.ExitCode == 0, whole.Output + whole.Error);
        Assert.Contains("nothing is lost", whole.Output, StringComparison.Ordinal);

        var text = await audited.AuditOnAsync(backup, "--mirror", audited.Mirror);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("The log was rolled back: your checkpoint in the mirror", text.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"The database has the first {common} of the mirror's {await audited.SizeAsync()} leaves", text.Output,
            StringComparison.Ordinal);
        Assert.Matches($"{late}\t{service.Bot}\t{TestService.ClientId}", text.Output);
        Assert.DoesNotContain("b-00001", text.Output, StringComparison.Ordinal);

        var json = JsonDocument
            .Parse((await audited.AuditOnAsync(backup, "--mirror", audited.Mirror, "--json", "--keys", service.KeyDirectory)).Output)
            .RootElement.GetProperty("lost");
        Assert.Equal(0, json.GetProperty("forgotten").GetArrayLength());
        Assert.Equal([late], json.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("job").GetString()));
        Assert.Equal(
            [
                $"{started} 0 b-00001 the job goes on by itself in its window",
                $"{started} 1 b-00002 the job goes on by itself in its window",
                $"{started} 2 b-00003 the job goes on by itself in its window",
                $"{waiting} 0 c-00001 the job goes on by itself in its window",
                $"{late} 0 null the job is lost: its client must submit it again",
            ],
            json.GetProperty("conversations")
                .EnumerateArray()
                .Select(one =>
                    $"{one.GetProperty("job")} {one.GetProperty("ordinal")} {one.GetProperty("conversationId").GetString() ?? "null"} "
                    + $"{one.GetProperty("toDo")}"
                )
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_restore_the_mirror_names_the_jobs_to_forget_again(bool rotate)
    {
        await using var audited = await AuditedService.StartAsync();
        var service = audited.Service;
        var before = await service.SubmitAsync(new { conversationIds = new[] { "nobody-1" } });
        await service.RunSlicesAsync();
        await service.ForgetAsync(before);
        var running = await service.SubmitAsync(new { conversationIds = new[] { "nobody-2" } });
        await service.WriteLogAsync();
        var backup = await audited.BackUpAsync();
        await service.RunSlicesAsync();
        var late = await service.SubmitAsync(new { conversationIds = new[] { "nobody-3" } });
        await service.RunSlicesAsync();
        foreach (var job in new[] { audited.Job, running, late })
            await service.ForgetAsync(job);
        if (rotate)
            await service.RotateAsync(); // and what is blind by now is to be recorded as forgotten all the same
        await service.WriteLogAsync();
        await audited.ExportAsync();

        Assert.Equal(
            [
                $"{audited.Job} forget again: `ledger forget {audited.Job}`",
                $"{running} forget again, once the job has ended: `ledger forget {running}`",
            ],
            await ForgottenAsync()
        );
        var text = (await audited.AuditOnAsync(backup, "--mirror", audited.Mirror)).Output;
        Assert.Contains("Jobs to forget again: 2", text, StringComparison.Ordinal);
        Assert.Matches($"{audited.Job}\t{service.Bot}\t.*forget again", text);

        await using (var source = Npgsql.NpgsqlDataSource.Create(backup))
            Assert.Null((await new JobForgetting(source, TestStore.One, TimeProvider.System).ForgetAsync(
                ForgettingSteps.Id(audited.Job), "test", null, CancellationToken.None)).Rejection);
        Assert.StartsWith(running, Assert.Single(await ForgottenAsync()), StringComparison.Ordinal);

        async Task<IEnumerable<string>> ForgottenAsync()
        {
            var result = await audited.AuditOnAsync(backup, "--mirror", audited.Mirror, "--json", "--keys", service.KeyDirectory);
            return JsonDocument
                .Parse(result.Output)
                .RootElement.GetProperty("lost")
                .GetProperty("forgotten")
                .EnumerateArray()
                .Select(one => $"{one.GetProperty("job")} {one.GetProperty("toDo")}")
                .ToArray();
        }
    }
}
