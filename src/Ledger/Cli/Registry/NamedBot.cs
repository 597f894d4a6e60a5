using Ledger.EventStore;
using Ledger.Projections;

namespace Ledger.Cli.Registry;

/// <summary>
/// A bot that a person names must be there. One that was mistyped has no jobs either, and would look as if nothing were known of it.
/// </summary>
internal static class NamedBot
{
    /// <param name="database">The database in which it is registered.</param>
    /// <param name="bot">Null: none was named.</param>
    /// <param name="cancel">Stops the look-up.</param>
    /// <exception cref="CommandException">There is no such bot.</exception>
    public static async Task RequireAsync(OpenDatabase database, string? bot, CancellationToken cancel)
    {
        if (bot is null)
            return;
        await using var connection = await database.Source.OpenConnectionAsync(cancel);
        if (!(await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel)).Exists(known => known.BotId == bot))
            throw new CommandException("there is no such bot: `ledger bot list` shows them");
    }
}
