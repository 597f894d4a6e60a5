using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Conversations;
using Ledger.SystemTests.Execution;
using Npgsql;

namespace Ledger.SystemTests.Import;

/// <summary>What was erased does not come back with the file that it once came from.</summary>
public sealed class ErasedStayOutTests
{
    [SkippableFact]
    public async Task Lines_of_erased_conversations_are_left_out_counted_and_named_by_number_until_they_are_asked_for_again()
    {
        await using var service = await TestService.StartAsync();
        using var files = new Files(service);
        string[] ids = ["c-1", "c-2", "c-3", "c-4", "c-5"];
        var file = await files.WriteAsync([.. ids, "c-1"]);
        await files.ImportAsync(file);
        await service.SubmitAsync(new { conversationIds = ids[..2] });
        await service.SubmitAsync(new { conversationIds = ids[3..4] });
        await service.RunSlicesAsync();

        var second = await files.ImportAsync(file);
        Assert.Equal("c-3 c-5", await service.ConversationsAsync());
        Assert.Equal(3, second.ExitCode);
        Assert.Equal("imported 0 conversations with 0 items; 2 were there already; 4 lines were left out (6 lines)", second.Output.Trim());
        Assert.Contains("lines 1-2, 4, 6", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("c-1", second.Output + second.Error, StringComparison.Ordinal);
        Assert.Equal("u-c-3 u-c-5", await service.UsersAsync());

        Assert.Equal(2, (await files.ImportAsync(file, "--again")).ExitCode);
        Assert.Equal(2, (await files.ImportAsync(file, "--reason", "why")).ExitCode);
        Assert.Empty(await RecordedAsync(service));
        var again = await files.ImportAsync(file, "--again", "--reason", "erased by mistake", "--actor", "ada");
        Assert.Equal((0, "c-1 c-2 c-3 c-4 c-5"), (again.ExitCode, await service.ConversationsAsync()));
        Assert.Equal("imported 3 conversations with 3 items; 3 were there already; 3 had been erased and were taken again (6 lines)",
            again.Output.Trim());
        Assert.Equal([new ErasedConversationsImported(service.Bot, 3) { Actor = "ada", Reason = "erased by mistake" }],
            await RecordedAsync(service));
        // They are in the store now, and equal: nothing is left out of it, and nothing is recorded.
        Assert.Equal(0, (await files.ImportAsync(file)).ExitCode);
        Assert.Equal(0, (await files.ImportAsync(file, "--again", "--reason", "once more")).ExitCode);
        Assert.Single(await RecordedAsync(service));
        await service.AssertRecordsAgreeAsync();
    }

    [SkippableFact]
    public async Task Erased_is_what_this_bots_jobs_erased_and_nothing_else()
    {
        await using var service = await TestService.StartAsync();
        using var files = new Files(service);
        var other = await service.AddBotAsync();
        await files.ImportAsync(await files.WriteAsync(["c-1", "c-2"]));
        await service.SubmitAsync(new { conversationIds = new[] { "c-1", "c-2", "never-there" } });
        var forgotten = await service.SubmitAsync(new { cId = "nobody" });
        await service.RunSlicesAsync();
        Assert.Equal(0, (await files.ImportAsync(await files.WriteAsync(["c-1", "c-2"], other))).ExitCode);
        Assert.Equal(0, (await files.ImportAsync(await files.WriteAsync(["never-there"]))).ExitCode);
        Assert.Equal(3, (await files.ImportAsync(await files.WriteAsync(["c-2", "c-3"]))).ExitCode);
        Assert.Equal("c-1 c-2 c-3 never-there", await service.ConversationsAsync());
    }

    [SkippableFact]
    public async Task Where_a_list_cannot_be_opened_nothing_is_imported_unless_it_is_asked_for()
    {
        await using var service = await TestService.StartAsync();
        using var files = new Files(service);
        var file = await files.WriteAsync(["c-1", "c-2"]);
        await files.ImportAsync(file);
        await service.SubmitAsync(new { conversationIds = new[] { "c-1" } });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("alter table ledger.job_manifest disable trigger user");
        await service.ExecuteAsync("update ledger.job_manifest set sealed = sealed || '\\x00'::bytea");

        var refused = await files.ImportAsync(file);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("1 rows of jobs' lists cannot be opened with these keys", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was imported", refused.Error, StringComparison.Ordinal);
        Assert.Equal("c-2", await service.ConversationsAsync());

        var again = await files.ImportAsync(file, "--again", "--reason", "the list is lost");
        Assert.Equal((0, "c-1 c-2"), (again.ExitCode, await service.ConversationsAsync()));
        Assert.Contains("may be back", again.Error, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<ErasedConversationsImported>> RecordedAsync(TestService service)
    {
        await using var connection = new NpgsqlConnection(service.Database.Superuser);
        await connection.OpenAsync();
        return [.. (await EventStreams.ReadAsync(connection, StreamIds.Bot(service.Bot)).ToListAsync()).Select(e =>
            e.Event).OfType<ErasedConversationsImported>()];
    }

    /// <summary>Files in a folder of their own, and the command that imports them.</summary>
    private sealed class Files(TestService service) : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("ledger-import-").FullName;

        public async Task<string> WriteAsync(string[] ids, string? bot = null)
        {
            var file = Path.Combine(_folder, $"{Directory.GetFiles(_folder).Length}.jsonl");
            await File.WriteAllLinesAsync(file, ids.Select(id => JsonSerializer.Serialize(new
            {
                botId = bot ?? service.Bot,
                conversationId = id,
                cId = $"u-{id}",
                channel = "rtm",
                startedAt = "2026-05-04T08:00:00Z",
                messages = new[] { new { text = "hello" } },
            })));
            return file;
        }

        public Task<CliResult> ImportAsync(string file, params string[] options) => CliDatabase.RunAsync(
            ["import", file, "--connection", service.Database.ConnectionStringFor("ledger_service"), "--keys", service.KeyDirectory,
                .. options]);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
