using Ledger.Conversations.Adding;
using Ledger.EventStore;
using Ledger.Projections;
using Npgsql;

namespace Ledger.Import;

/// <summary>
/// The checks of an import against the bots. A conversation's bot must be registered, and must exist since before the conversation started.
/// A conversation that has not begun yet is a mistake.
/// </summary>
internal sealed class ImportBots(NpgsqlDataSource database, TimeProvider time)
{
    private Dictionary<string, DateTimeOffset> _createdAt = [];

    /// <summary>
    /// The reason that the conversation cannot be imported. Null if it can. It reads the bots again before it says no, because the bot may
    /// have been registered meanwhile.
    /// </summary>
    public async ValueTask<string?> ProblemAsync(ImportedConversation conversation, CancellationToken cancel)
    {
        if (Problem(conversation) is null)
            return null;
        await using var connection = await database.OpenConnectionAsync(cancel);
        _createdAt = (await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel)).ToDictionary(bot => bot.BotId, bot =>
            bot.CreatedAt, StringComparer.Ordinal);
        return Problem(conversation);
    }

    private string? Problem(ImportedConversation conversation)
    {
        // A deletion by cId without endDate reaches to the end of the day that it is submitted on. A clock that is ahead within the day
        // does no harm.
        if (conversation.StartedAt.UtcDateTime.Date > time.GetUtcNow().UtcDateTime.Date)
        {
            return "the conversation starts after today (UTC), and deletions by cId would miss it: mend its startedAt, or this machine's "
                + "clock";
        }
        if (!_createdAt.TryGetValue(conversation.BotId, out var createdAt))
            return "its bot is unknown: register it first with `ledger bot add BOT --created INSTANT`";
        // A deletion by cId without startDate reaches back to the bot's creation, and would silently miss this one.
        return conversation.StartedAt < createdAt
            ? "the conversation started before its bot was created, and deletions by cId would miss it: say when the bot was created with "
                + "`ledger bot set BOT --created INSTANT`"
            : null;
    }
}
