using System.IO.Compression;
using System.Text.Json;
using Ledger.Cli;
using Ledger.Demo;
using Npgsql;

namespace Ledger.SystemTests.Cli;

[Collection(nameof(FirstDemo))]
public sealed class DemoTests(FirstDemo first)
{
    [Fact]
    public void It_erases_made_up_conversations_and_leaves_no_server()
    {
        Assert.True(first.ExitCode == 0, first.Output + first.Error);
        Assert.Equal("OK jobs=4 conversations=174 items=1632 proof=verified", first.Output.TrimEnd().Split('\n')[^1]);
        Assert.Null(first.Folder.Pid());
    }

    [Fact]
    public async Task Of_an_input_that_is_too_small_it_says_so_and_nothing_else()
    {
        var file = Path.Combine(first.Folder.Path, "small.jsonl");
        using (var lines = new StreamReader(new DemoConversations("5ma11000").Lines()))
            await File.WriteAllTextAsync(file, await lines.ReadLineAsync() + "\n");
        using var small = LedgerProcess.Start("demo", "--once", "--data", first.Folder.Path, "--input", file);
        Assert.Equal(ExitCodes.Failed, await small.ExitCodeAsync());
        Assert.StartsWith("ledger: the input is too small", small.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("crit", small.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", small.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_erases_the_busiest_of_the_real_channel_users()
    {
        var file = RealConversations();
        Skip.If(file is null, "the real conversations are not beside this checkout (../shared/data/conversations.jsonl.gz)");
        var sample = Path.Combine(first.Folder.Path, "real.jsonl.gz");
        var (conversations, messages, busiest) = await SampleAsync(file!, sample);
        Assert.True(busiest > 1000, "one batch erases them all");
        using var demo = LedgerProcess.Start("demo", "--once", "--data", first.Folder.Path, "--input", sample);
        Assert.True(await demo.ExitCodeAsync() == 0, demo.Output + demo.Error);
        var imported = $"Imported {conversations:N0} conversations with {messages:N0} items for the bot.";
        Assert.Contains(imported, demo.Output, StringComparison.Ordinal);
        Assert.Contains($"Job 1: done, {busiest:N0} of {busiest:N0} deleted", demo.Output, StringComparison.Ordinal);
        Assert.Contains("Job 3: done, 100 of 100 deleted", demo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_erases_those_of_a_file_in_the_same_folder_and_stays_up_with_calls_to_paste_until_it_is_stopped()
    {
        var folder = first.Folder;
        var file = Path.Combine(folder.Path, "made.jsonl");
        await using (var lines = File.Create(file))
            await new DemoConversations("0badcafe").Lines().CopyToAsync(lines);
        using var hostile = await HostileSurroundings.CreateAsync();
        using var demo = hostile.Start("demo", "--data", folder.Path, "--input", file);
        var token = await demo.LineAsync("  TOKEN=");
        await demo.LineAsync("Ctrl-C stops it.");
        Assert.Matches("(?m)^OK jobs=3 conversations=205 items=[0-9]+ proof=verified$", demo.Output);
        var call = demo.Output.Split('\n').First(line => line.Contains("curl ", StringComparison.Ordinal));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("auth", token);
        using var answer = await http.GetAsync(call.Split('\'')[1]);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        hostile.AssertIgnored(demo);
        demo.Terminate();
        Assert.Equal(0, await demo.ExitCodeAsync());
        Assert.Null(folder.Pid());
    }

    /// <summary>The verification can fail: each way of tampering with what the demo compares is found.</summary>
    [Fact]
    public async Task What_is_not_as_it_should_be_is_told()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        foreach (var (tampering, difference) in s_tamperings)
        {
            await ExecuteAsync(connection, Stored);
            await using var store = await DemoStore.OpenAsync(database.Superuser, CancellationToken.None);
            await store.SnapshotAsync(DemoStore.Before, ["b", "b-twin"], CancellationToken.None);
            await store.ExpectByChannelUserAsync(
                1, "b", "goes", DateTime.UnixEpoch, new DateTime(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc), CancellationToken.None);
            await store.NoteOutcomesAsync(1, "b", ["c-00000001"], CancellationToken.None);
            Assert.Equal(1, (await store.ExpectedAsync(1, CancellationToken.None)).Items.Messages);
            await ExecuteAsync(connection, Erased);

            await ExecuteAsync(connection, tampering);
            await store.SnapshotAsync(DemoStore.After, ["b", "b-twin"], CancellationToken.None);
            Assert.Contains(difference, await store.DifferencesAsync(["b-twin"], CancellationToken.None));
        }
    }

    private static readonly (string Sql, string Difference)[] s_tamperings =
    [
        ("""
         delete from conversations.items
         where conversation_key = (select min(conversation_key) from conversations.conversations where cid = 'stays')
         """,
         "1 conversation(s) that no job should have touched are gone or changed"),
        ("""
         insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
         values ('b', 'new', 'stays', 'rtm', '2026-01-01')
         """,
         "1 conversation(s) are in the store that should not be"),
        ("delete from conversations.analytics where bot_id = 'b'", "3 analytics row(s) are gone"),
        ("update conversations.analytics set channel = 'x-c-00000001-x' where bot_id = 'b'",
         "1 text(s) in the analytics hold the id of a conversation or of a channel user"),
        ("insert into conversations.channel_users values ('b', 'goes', '2026-01-01')",
         "1 channel user(s) are kept without a conversation"),
        ("alter table conversations.analytics add note text", "1 column(s) of the analytics could hold a text"),
        ("delete from conversations.items; delete from conversations.conversations where bot_id = 'b-twin'",
         "1 conversation(s) of the second bot are gone or changed"),
    ];

    private const string Stored =
        """
        truncate conversations.items, conversations.conversations, conversations.channel_users, conversations.analytics cascade;
        alter table conversations.analytics drop column if exists note;
        insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
        values ('b', 'c-00000001', 'goes', 'rtm', '2026-01-01'), ('b', 'c-00000002', 'stays', 'rtm', '2026-01-01'),
               ('b', 'c-00000003', 'stays', 'rtm', '2026-01-01'), ('b-twin', 'c-00000001', 'goes', 'rtm', '2026-01-01');
        insert into conversations.items (conversation_key, kind, position, created_on, body)
        select conversation_key, 0, 0, started_at, '{}' from conversations.conversations;
        insert into conversations.analytics (bot_id, started_at, channel, messages, items)
        select bot_id, started_at, channel, 1, 1 from conversations.conversations
        """;

    private const string Erased =
        """
        delete from conversations.items
        where conversation_key = (select conversation_key from conversations.conversations where bot_id = 'b' and cid = 'goes');
        delete from conversations.conversations where bot_id = 'b' and cid = 'goes'
        """;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Writes all conversations of the three busiest channel users and every twentieth of the others.</summary>
    /// <returns>How many conversations and messages these are, and how many conversations are the busiest user's.</returns>
    private static async Task<(int Conversations, int Messages, int Busiest)> SampleAsync(string file, string sample)
    {
        var all = new List<(string Line, string User, int Messages)>();
        using (var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress)))
        {
            while (await lines.ReadLineAsync() is { } line)
            {
                using var conversation = JsonDocument.Parse(line);
                var root = conversation.RootElement;
                all.Add((line, root.GetProperty("cId").GetString()!, root.GetProperty("messages").GetArrayLength()));
            }
        }
        var users = all.CountBy(one => one.User).OrderByDescending(user => user.Value).Take(3).ToDictionary();
        var chosen = all.Where((one, n) => users.ContainsKey(one.User) || n % 20 == 0).ToList();
        await using var written = new StreamWriter(new GZipStream(File.Create(sample), CompressionLevel.Fastest));
        foreach (var (line, _, _) in chosen)
            await written.WriteAsync($"{line}\n");
        return (chosen.Count, chosen.Sum(one => one.Messages), users.Values.Max());
    }

    private static string? RealConversations()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ledger.sln")))
                return
                    Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "data", "conversations.jsonl.gz")) is var file
                    && File.Exists(file)
                    ? file
                    : null;
        }
        return null;
    }
}
