using System.Text;
using System.Text.Json;
using Ledger.Import;
using Ledger.SystemTests.Execution;
using Npgsql;

namespace Ledger.SystemTests.Conversations;

/// <summary>A line of an import.</summary>
internal sealed record Line(string Id, string CId, string StartedAt = "2026-05-04T08:00:00Z");

/// <summary>What the tests of the conversation store do to it and ask of it.</summary>
internal static class StoreScene
{
    /// <summary>Imports as <c>ledger import</c> does.</summary>
    public static async Task<ImportTotals> ImportAsync(this TestService service, params Line[] lines) =>
        (await service.ImportInBatchesAsync(again: null, lines)).Totals;

    /// <summary>Imports as <c>ledger import --again</c> does.</summary>
    public static async Task<ImportTotals> ImportAgainAsync(this TestService service, params Line[] lines) =>
        (await service.ImportInBatchesAsync(new TakeAgain("test", "asked for"), lines)).Totals;

    /// <param name="stored">Done after each batch, with the number of lines so far, before the next one begins.</param>
    public static async Task<ImportResult> ImportInBatchesAsync(
        this TestService service, TakeAgain? again, Line[] lines, Func<long, Task>? stored = null)
    {
        var text = string.Join('\n', lines.Select(line => JsonSerializer.Serialize(new
        {
            botId = service.Bot,
            conversationId = line.Id,
            cId = line.CId,
            channel = "rtm",
            startedAt = line.StartedAt,
            messages = new[] { new { text = $"{line.CId} says hello in {line.Id}" } },
        })));
        await using var source = ImportSource.Of(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        var import = new ConversationImport(service.Source, TestStore.One, service.Keys);
        var check = await import.CheckAsync(source, asBot: null, progress: null, CancellationToken.None);
        return await import.StoreAsync(check, again, Tell, CancellationToken.None);

        void Tell(ImportPhase phase, long count)
        {
            if (phase == ImportPhase.Storing && stored is not null)
                Task.Run(() => stored(count)).GetAwaiter().GetResult();
        }
    }

    /// <summary>The ids of the conversations that are there, in order.</summary>
    public static Task<string> ConversationsAsync(this TestService service) => service.ScalarAsync<string>(
        "select coalesce(string_agg(conversation_id, ' ' order by conversation_id), '') from conversations.conversations");

    /// <summary>The cIds of the channel users that are there, in order.</summary>
    public static Task<string> UsersAsync(this TestService service) =>
        service.ScalarAsync<string>("select coalesce(string_agg(cid, ' ' order by cid), '') from conversations.channel_users");

    /// <summary>
    /// Every conversation has its channel user, who is no younger, and every channel user has a conversation. Holds after every commit.
    /// </summary>
    public static async Task AssertUsersAgreeAsync(this TestService service) => Assert.Equal("", await service.ScalarAsync<string>(
        """
        select concat_ws('; ',
            (select 'conversations without their user: ' || string_agg(conversation_id, ' ') from conversations.conversations c
             where not exists (
                 select from conversations.channel_users u where u.bot_id = c.bot_id and u.cid = c.cid and u.created_at <= c.started_at)),
            (select 'users without a conversation: ' || string_agg(cid, ' ') from conversations.channel_users u
             where not exists (select from conversations.conversations c where c.bot_id = u.bot_id and c.cid = u.cid)))
        """));

    /// <summary>Until a session that is no lane's waits for a lock.</summary>
    public static Task UntilAnImportWaitsAsync(this TestService service) => Steps.UntilAsync(
        "no import waits for a lock",
        () => service.ScalarAsync<bool>(
            """
            select exists (select from pg_stat_activity
                           where datname = current_database() and application_name <> 'ledger lanes' and wait_event_type = 'Lock')
            """));
}

/// <summary>Holds up whoever comes to a place that a trigger marks with <see cref="Wait"/>, until it is opened.</summary>
internal sealed class Gate : IAsyncDisposable
{
    /// <summary>What the trigger does.</summary>
    public const string Wait = "perform pg_advisory_xact_lock_shared(4711);";

    private readonly NpgsqlConnection _session;

    private Gate(NpgsqlConnection session) => _session = session;

    public static async Task<Gate> CloseAsync(TestService service)
    {
        var settings = new NpgsqlConnectionStringBuilder(service.Database.Superuser) { Pooling = false };
        var gate = new Gate(new NpgsqlConnection(settings.ConnectionString));
        await gate._session.OpenAsync();
        await using var close = new NpgsqlCommand("select pg_advisory_lock(4711)", gate._session);
        await close.ExecuteNonQueryAsync();
        return gate;
    }

    public async Task OpenAsync()
    {
        await using var open = new NpgsqlCommand("select pg_advisory_unlock(4711)", _session);
        await open.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();
}
