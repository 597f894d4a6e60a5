using System.Text.Json;
using Ledger.Contracts;
using Ledger.SystemTests.Cli;
using Npgsql;

namespace Ledger.SystemTests.Forgetting;

public sealed class FindTests(SharedService shared) : IClassFixture<SharedService>
{
    [Fact]
    public async Task Ids_from_standard_input_are_found_in_every_job_that_they_belong_to_until_it_is_forgotten()
    {
        await using var service = await shared.WithOwnBotAsync();
        var elsewhere = await service.AddBotAsync();
        await service.AddConversationsAsync("theirs", 1026, "user-1");
        var byUser = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var byId = await service.SubmitAsync(new { conversationIds = new[] { "theirs-01025", "never-was" } });
        await service.RunSlicesAsync();
        var other = await service.SubmitAsync(new { conversationIds = new[] { "theirs-01025" } }, elsewhere);
        var waiting = await service.SubmitAsync(new { conversationIds = new[] { "never-was" } }, elsewhere);

        var table = await FindAsync(service, ["theirs-01025", "user-1", "never-was", "nobody"]);
        Assert.Matches($"theirs-01025\t{service.Bot}\t{byUser}\t\\S+Z\tconversation, ordinal 1024\tdeleted\t\\S+Z", table.Output);
        Assert.Matches(
            $"theirs-01025\t{service.Bot}\t{byId}\t\\S+Z\tconversation, ordinal \\d\tskipped \\(already_erased\\)\t\\S+Z", table.Output);
        Assert.Matches($"theirs-01025\t{elsewhere}\t{other}\t\\S+Z\tconversation of the request\tpending\t-", table.Output);
        Assert.Matches($"user-1\t{service.Bot}\t{byUser}\t\\S+Z\tcId of the request\tjob completed\t-", table.Output);
        Assert.Matches($"never-was\t{service.Bot}\t{byId}\t\\S+Z\tconversation, ordinal \\d\tskipped \\(not_found\\)", table.Output);
        Assert.Matches("nobody\t-\t-\t-\tnothing is known", table.Output);
        Assert.Contains("Searched 4 jobs: what is known is known as long as their keys live.", table.Error, StringComparison.Ordinal);

        await service.ForgetAsync(byUser);
        var result = JsonDocument
            .Parse((await FindAsync(service, ["theirs-01025", "user-1"], "--bot", service.Bot, "--json")).Output)
            .RootElement;
        Assert.Equal(
            (1, 1, 0),
            (
                result.GetProperty("searchedJobs").GetInt32(), result.GetProperty("forgottenJobs").GetInt32(),
                result.GetProperty("damagedJobs").GetInt32())
        );
        var found = Assert.Single(result.GetProperty("ids")[0].GetProperty("jobs").EnumerateArray());
        Assert.Equal(
            (byId, "skipped", "already_erased"),
            (found.GetProperty("job").GetString(), found.GetProperty("outcome").GetString(), found.GetProperty("reason").GetString()));
        Assert.Equal(
            Instant.Text(await RecordedAtAsync(service, byId, found.GetProperty("ordinal").GetInt64())),
            found.GetProperty("at").GetString());
        Assert.Equal(0, result.GetProperty("ids")[1].GetProperty("jobs").GetArrayLength());
        Assert.Matches($"never-was\t{elsewhere}\t{waiting}", (await FindAsync(service, ["never-was"], "--bot", elsewhere)).Output);
    }

    [Fact]
    public async Task An_unknown_bot_an_id_of_which_nothing_is_known_and_a_job_that_cannot_be_opened_are_no_success()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        var typo = await FindAsync(service, ["theirs-1"], "--bot", "TYPO");
        Assert.Equal((1, ""), (typo.ExitCode, typo.Output));
        Assert.Contains("there is no such bot", typo.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await FindAsync(service, ["theirs-1"])).ExitCode);
        var nobody = await FindAsync(service, ["theirs-1", "nobody"]);
        Assert.Equal(5, nobody.ExitCode);
        Assert.Contains("Nothing is known of 1 of 2 ids", nobody.Error, StringComparison.Ordinal);
        var json = await FindAsync(service, ["nobody"], "--json");
        Assert.Equal(5, json.ExitCode);
        Assert.Equal(0, JsonDocument.Parse(json.Output).RootElement.GetProperty("ids")[0].GetProperty("jobs").GetArrayLength());

        await service.ExecuteAsync("update ledger.job_secrets set sealed_request = '\\x00'::bytea");
        var damaged = await FindAsync(service, ["theirs-1"], "--json");
        Assert.Equal((1, 1), (damaged.ExitCode, JsonDocument.Parse(damaged.Output).RootElement.GetProperty("damagedJobs").GetInt32()));
        Assert.Contains("1 more jobs cannot be opened with these keys", damaged.Error, StringComparison.Ordinal);
        Assert.Equal("queued", (await service.StatusAsync(job)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task What_is_no_id_is_named_by_its_line_and_nothing_at_all_is_asked_for()
    {
        await using var service = await shared.WithOwnBotAsync();
        var empty = await FindAsync(service, []);
        Assert.Equal((2, ""), (empty.ExitCode, empty.Output));
        Assert.Contains("no ids came in: write them to standard input, one a line", empty.Error, StringComparison.Ordinal);
        var wrong = await FindAsync(service, ["good", "secret" + new string('x', 200)]);
        Assert.Equal((2, ""), (wrong.ExitCode, wrong.Output));
        Assert.Contains("line 2 is no id", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong.Error, StringComparison.Ordinal);
    }

    private static async Task<CliResult> FindAsync(TestService service, string[] ids, params string[] options)
    {
        using var ledger = LedgerProcess.Start([
            "find", "--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory, .. options,
        ]);
        ledger.Type(ids);
        var exit = await ledger.ExitCodeAsync();
        return new CliResult(exit, ledger.Output, ledger.Error);
    }

    private static async Task<DateTimeOffset> RecordedAtAsync(TestService service, string job, long ordinal)
    {
        await using var command = service.Source.CreateCommand(
            "select timestamp from ledger.mt_events where stream_id = $1 and (data->>'ordinal')::bigint = $2");
        command.Parameters.Add(new NpgsqlParameter { Value = ForgettingSteps.Id(job).Value });
        command.Parameters.Add(new NpgsqlParameter { Value = ordinal });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!);
    }
}
