using Ledger.Cli;
using Ledger.Cli.Run;
using Ledger.Import;

namespace Ledger.Demo;

/// <summary>
/// The input of a demo. Every bot has a twin. This second bot is given the same conversations under the same cIds and ids, and must lose
/// none of them.
/// </summary>
/// <param name="Bots">The bots, with the instant at which each was created.</param>
/// <param name="Open">The lines.</param>
/// <param name="OpenTwin">The lines again for the twins; there may be more of them.</param>
/// <param name="IdsPerJob">Conversations that the job by ids erases.</param>
/// <param name="TwinOnlyId">A conversation that only the twin has; null: there is none.</param>
internal sealed record DemoInput(
    IReadOnlyDictionary<string, DateTimeOffset> Bots, Func<Stream> Open, Func<Stream> OpenTwin, int IdsPerJob, string? TwinOnlyId)
{
    public static string Twin(string bot) => $"{bot}-twin";

    /// <summary>Made-up conversations.</summary>
    public static DemoInput Generated(string run)
    {
        var made = new DemoConversations(run);
        return new DemoInput(
            new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal) { [made.Bot] = DemoConversations.BotCreatedAt },
            () => made.Lines(), () => made.Lines(made.TwinOnlyId), IdsPerJob: 40, made.TwinOnlyId);
    }

    /// <summary>
    /// A file's conversations. Reads it once to learn its bots; a bot counts as created when its first conversation started.
    /// </summary>
    public static async Task<DemoInput> OfFileAsync(string file, CancellationToken cancel)
    {
        var bots = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var opened = ImportCommand.Open(file);
        await using var input = ImportSource.Of(opened);
        if (!opened.CanSeek)
            throw new CommandException($"{file} is a pipe, and the demo reads its input several times: write it to a file first");
        var lines = await input.LinesAsync(cancel);
        try
        {
            while (await lines.NextAsync(cancel) is { } line)
            {
                var conversation = ImportLine.Parse(line, lines.IsFirst);
                if (!bots.TryGetValue(conversation.BotId, out var earliest) || conversation.StartedAt < earliest)
                    bots[conversation.BotId] = conversation.StartedAt;
            }
        }
        catch (FormatException e)
        {
            throw new CommandException($"{file}, line {lines.Number}: {e.Message}");
        }
        if (bots.Count == 0)
            throw new CommandException($"{file} holds no conversation");
        return new DemoInput(bots, () => ImportCommand.Open(file), () => ImportCommand.Open(file), IdsPerJob: 100, TwinOnlyId: null);
    }
}
