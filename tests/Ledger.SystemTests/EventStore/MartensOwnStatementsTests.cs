using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledger.Database.Embedded;
using Ledger.Hosting;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.EventStore;

/// <summary>
/// Whatever changes an event, a stream or a document is a statement of Marten's own: PostgreSQL itself counts the statements, those inside
/// functions too. (<c>ledger rebuild</c>, which puts documents right, is not among them yet.)
/// </summary>
public sealed class MartensOwnStatementsTests
{
    private const int Conversations = 20_000;

    /// <summary>Marten's, as it writes them. Each is found.</summary>
    private static readonly string[] s_martens =
    [
        @"^insert into ledger\.mt_streams \(id, type, version, timestamp, tenant_id\) values \(stream, stream_type,",
        @"^insert into ledger\.mt_events\s+"
            + @"\(seq_id, id, stream_id, version, data, bdata, type, tenant_id, timestamp, mt_dotnet_type, is_archived\)",
        @"^update ledger\.mt_streams set version = greatest\(version, event_version\), timestamp = now\(\) where id = stream$",
        .. ((string[])["apiclient", "bot", "deletionwindow", "job", "jobstatus"]).Select(document =>
            $"""^insert into ledger\.mt_doc_{document} \(id, data, "mt_version", "mt_dotnet_type", "mt_last_modified"(, "\w+")*\)"""
            + @" values .* on conflict \(id\) do update set data = excluded\.data, .* returning mt_version$"),
    ];

    /// <summary>The stream of Marten's tombstones, which the database drops. It comes only where a save failed.</summary>
    private static readonly string[] s_tombstones =
    [
        @"^insert into ledger\.mt_streams \(id, tenant_id, version, is_archived\) values \(\$1, \$2, \$3, \$4\)"
            + @" ON CONFLICT \(id\) DO NOTHING$",
    ];

    [SkippableFact]
    public async Task Over_demo_registry_forgetting_and_a_job_of_20_000_conversations_nothing_else_changes_them()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        Assert.Equal(0, (await CliDatabase.RunAsync(["migrate", "--data", folder.Path])).ExitCode);
        await File.AppendAllTextAsync(
            Path.Combine(folder.Path, "cluster", "postgresql.conf"),
            "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\n");
        await using var database = await EmbeddedDatabase.OpenAsync(
            new EmbeddedPostgresOptions { DataDirectory = folder.Path }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await using var superuser = NpgsqlDataSource.Create(database.SuperuserConnection);
        await using (var create = superuser.CreateCommand("create extension pg_stat_statements"))
            await create.ExecuteNonQueryAsync();

        var input = Path.Combine(folder.Path, "many.jsonl");
        await File.WriteAllLinesAsync(input, Enumerable.Range(0, Conversations + 200).Select(Line), new UTF8Encoding(false));
        using (var demo = LedgerProcess.Start("demo", "--once", "--data", folder.Path, "--input", input))
            Assert.True(await demo.ExitCodeAsync() == 0, demo.Output + demo.Error);
        foreach (var verb in s_verbs)
        {
            var done = await CliDatabase.RunAsync([.. verb, "--data", folder.Path]);
            Assert.True(done.ExitCode == 0, $"{string.Join(' ', verb)}: {done.Error}");
        }
        await using (var ended = superuser.CreateCommand("select 'cdj-' || id from ledger.mt_doc_job where status <> 'queued' limit 1"))
        {
            var job = (string)(await ended.ExecuteScalarAsync())!;
            Assert.Equal(0, (await CliDatabase.RunAsync(["forget", job, "--reason", "test", "--data", folder.Path])).ExitCode);
        }

        var changes = await ChangesAsync(superuser);
        var others = changes.Where(change => !s_martens.Concat(s_tombstones).Any(own => IsOf(change, own))).ToList();
        Assert.True(others.Count == 0, string.Join("\n\n", others));
        Assert.All(s_martens, own => Assert.Contains(changes, change => IsOf(change, own)));
        // The twin: another's statement is seen.
        await using (var other = superuser.CreateCommand("update ledger.mt_doc_bot set data = data where false"))
            await other.ExecuteNonQueryAsync();
        Assert.Equal(changes.Count + 1, (await ChangesAsync(superuser)).Count);
    }

    private static bool IsOf(string change, string statement) =>
        Regex.IsMatch(change, statement, RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));

    private static readonly string[][] s_verbs =
    [
        ["window", "add", "night", "--cron", "0 0 1 * * ?", "--length", "1h"], ["bot", "add", "b-1", "--window", "night"],
        ["bot", "set", "b-1", "--retention-days", "30"], ["client", "add", "c-1", "--bot", "b-1", "--scope", "delete-conversations"],
        ["client", "grant", "c-1", "--bot", "b-1", "--scope", "ledger-audit"], ["client", "rotate", "c-1"],
        ["client", "rotate", "c-1", "--finish"],
        ["client", "revoke", "c-1", "--bot", "b-1"], ["client", "revoke", "c-1", "--yes"], ["key", "rotate", "--now"],
        ["log", "new-origin", "ledger.example/next", "--reason", "test"],
    ];

    /// <summary>Most of one channel user, whom the demo erases by cId, and some of another.</summary>
    private static string Line(int n) => JsonSerializer.Serialize(new
    {
        botId = "b",
        conversationId = $"c-{n:D6}",
        cId = n < Conversations ? "busiest" : $"other-{n % 3}",
        channel = "rtm",
        startedAt = $"2026-05-{4 + (n % 20):D2}T08:00:00Z",
        messages = new[] { new { text = "hello" } },
    });

    /// <summary>The statements that name one of the tables behind a word of change, without comments.</summary>
    private static async Task<List<string>> ChangesAsync(NpgsqlDataSource superuser)
    {
        await using var command = superuser.CreateCommand(
            """
            select distinct regexp_replace(query, '\s+', ' ', 'g') from pg_stat_statements
            where query ~* (
                    '(insert\s+into|update|delete\s+from|merge\s+into|truncate(\s+table)?|copy)\s+(only\s+)?'
                    || '"?ledger"?\."?mt_(events|streams|doc_)')
                and dbid = (select oid from pg_database where datname = current_database())
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var changes = new List<string>();
        while (await reader.ReadAsync())
            changes.Add(reader.GetString(0));
        return changes;
    }
}
