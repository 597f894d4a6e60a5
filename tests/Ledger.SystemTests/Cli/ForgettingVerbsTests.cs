namespace Ledger.SystemTests.Cli;

public sealed class ForgettingVerbsTests
{
    [Fact]
    public async Task Forgetting_says_what_was_destroyed_and_from_when_on_which_copies_are_blind()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 3, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        string[] database = ["--connection", service.Database.ConnectionStringFor("ledger_service")];
        string[] keys = ["--keys", service.KeyDirectory];
        var early = await CliDatabase.RunAsync(["forget", job, .. database]);
        Assert.Equal((1, ""), (early.ExitCode, early.Output));
        Assert.Contains("the job has not ended", early.Error, StringComparison.Ordinal);
        await service.RunSlicesAsync();

        var forgot = await CliDatabase.RunAsync(["forget", job, "--reason", "request of May", "--actor", "mia", .. database]);
        Assert.Equal((0, ""), (forgot.ExitCode, forgot.Error));
        Assert.Contains(
            $"Forgot {job} of bot {service.Bot}. Destroyed: its key, its sealed request, and its sealed list (1 rows, 3 conversations).",
            forgot.Output, StringComparison.Ordinal);
        Assert.Matches(@"The live database is blind to it from \S+Z on\.", forgot.Output);
        Assert.Matches(
            @"Backups, WAL and replicas can still be read with the key of epoch 1 or an earlier one\. "
            + @"A running service destroys them at about \S+Z; `ledger key rotate --now` does it at once\.",
            forgot.Output);
        Assert.Contains("Copies of the key folder are not covered", forgot.Output, StringComparison.Ordinal);
        Assert.Equal(
            "mia request of May",
            await service.ScalarAsync<string>(
                "select concat_ws(' ', data->>'actor', data->>'reason') from ledger.mt_events where type = 'job_key_destroyed'")
        );

        Assert.Contains(
            "Destroyed the keys of epochs 1 by ", (await CliDatabase.RunAsync(["forget", job, "--rotate", .. database, .. keys])).Output,
            StringComparison.Ordinal);
        Assert.Contains(
            "was forgotten before", (await CliDatabase.RunAsync(["forget", job, .. database])).Output, StringComparison.Ordinal);
        Assert.Contains(
            "Nothing was forgotten since epoch 2 was opened", (await CliDatabase.RunAsync(["key", "rotate", .. database, .. keys])).Output,
            StringComparison.Ordinal);
        Assert.Contains(
            "wrapped under epoch 3", (await CliDatabase.RunAsync(["key", "rotate", "--now", .. database, .. keys])).Output,
            StringComparison.Ordinal);

        foreach (var file in Directory.EnumerateFiles(service.KeyDirectory, "*.key*"))
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task How_long_a_bot_keeps_keys_is_set_shown_and_taken_back()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--key-retention-days", "90");
        Assert.Contains("90 days", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);
        Assert.Contains(
            "key retention is 1 to", await cli.RefusedAsync(1, "bot", "set", "st-1", "--key-retention-days", "-1"),
            StringComparison.Ordinal);
        await cli.DoAsync("bot", "set", "st-1", "--retention-days", "7");
        Assert.Matches("7 days\t90 days", await cli.DoAsync("bot", "list"));
        await cli.DoAsync("bot", "set", "st-1", "--key-retention-days", "0");
        Assert.Matches("7 days\tfor ever", await cli.DoAsync("bot", "list"));
    }
}
