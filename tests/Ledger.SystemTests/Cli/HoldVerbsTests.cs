namespace Ledger.SystemTests.Cli;

/// <summary><c>ledger hold</c>, beside a service that deletes.</summary>
public sealed class HoldVerbsTests
{
    [SkippableFact]
    public async Task A_hold_is_placed_listed_and_lifted_and_tells_what_was_deleted_and_what_is_owed()
    {
        await using var service = await TestService.StartAsync();
        string[] database = ["--connection", service.Database.ConnectionStringFor("ledger_service")];
        string[] keys = ["--keys", service.KeyDirectory];
        await service.AddConversationsAsync("a", 3, "user-1");
        var early = await service.SubmitAsync(new { conversationIds = new[] { "a-00001" } });
        await service.RunSlicesAsync();
        var file = Path.Combine(service.KeyDirectory, "ids.txt");
        await File.WriteAllTextAsync(file, "a-00001\na-00002\n");

        var refused = await CliDatabase.RunAsync(["hold", "place", "--bot", "TYPO", "--ids", file, "--reason", "r", .. database, .. keys]);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        var placed = await CliDatabase.RunAsync(
            ["hold", "place", "--bot", service.Bot, "--ids", file, "--reason", "court order 7", "--actor", "mia", .. database, .. keys]);
        var hold = placed.Output.Trim();
        Assert.Matches("^lh-[0-9a-f-]{36}$", hold);
        Assert.Contains($"Deleted before, by {early}: a-00001", placed.Error, StringComparison.Ordinal);

        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var listed = await CliDatabase.RunAsync(["hold", "list", "--bot", service.Bot, "--live", .. database]);
        Assert.Contains($"{hold}\t{service.Bot}\tlive\t2 conversations\t", listed.Output, StringComparison.Ordinal);
        Assert.EndsWith("\tmia\t-\tcourt order 7\t1\n", listed.Output, StringComparison.Ordinal);

        var lifted = await CliDatabase.RunAsync(["hold", "lift", hold, "--reason", "settled", "--actor", "ada", .. database]);
        Assert.Equal($"job\tskipped because of it\n{job}\t1\n", lifted.Output);
        Assert.Contains("owed again", lifted.Error, StringComparison.Ordinal);
        // No engine runs in the verb: a node finds the mail's message in the engine's table.
        Assert.Equal(1, await service.ScalarAsync<long>(
            """
            select count(*)
            from ledger.deliveries d join wolverine.wolverine_incoming_envelopes e on e.id = d.envelope_id
            where d.hold_id is not null and e.message_type = 'send_mail' and e.status = 'Incoming' and e.owner_id = 0
            """));
        var again = await CliDatabase.RunAsync(["hold", "lift", hold, .. database]);
        Assert.Equal((1, ""), (again.ExitCode, again.Output));
        Assert.Contains("has ended already: it was lifted", again.Error, StringComparison.Ordinal);
        Assert.Contains("\tlifted\t", (await CliDatabase.RunAsync(["hold", "list", .. database])).Output, StringComparison.Ordinal);

        // The hold's document follows from its events: the audit finds nothing, and where it was tampered with, the rebuild puts it right.
        await service.WriteLogAsync();
        var audit = await CliDatabase.RunAsync(["audit", .. database, .. keys]);
        Assert.True(audit.ExitCode == 0, audit.Output + audit.Error);
        await service.ExecuteAsync("update ledger.mt_doc_legalhold set status = 'live'");
        Assert.Equal(1, (await CliDatabase.RunAsync(["audit", .. database, .. keys])).ExitCode);
        Assert.Equal(0, (await CliDatabase.RunAsync(["rebuild", .. database])).ExitCode);
        Assert.Equal("lifted", await service.ScalarAsync<string>("select status from ledger.mt_doc_legalhold"));
    }
}
