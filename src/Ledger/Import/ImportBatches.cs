using System.Security.Cryptography;
using Ledger.Conversations.Adding;

namespace Ledger.Import;

/// <summary>Lines that are checked, or stored, together.</summary>
/// <param name="Conversations">The conversations, in the order of their lines.</param>
/// <param name="Lines">The line number of each conversation.</param>
/// <param name="LastLine">Number of lines of the input up to here, blank ones too.</param>
/// <param name="Digest">The digest of all lines up to here. If it differs between the passes, the file has changed.</param>
internal sealed record ImportBatch(IReadOnlyList<ImportedConversation> Conversations, IReadOnlyList<long> Lines, long LastLine,
    byte[] Digest)
{
    public override string ToString() => nameof(ImportBatch);
}

/// <summary>Reads an input in batches, the same ones each time. It needs the memory of one batch, for input of any size.</summary>
/// <param name="asBot">The bot to store a line's conversations for. Null for the bot that the line names.</param>
internal sealed class ImportBatches(ImportLineReader lines, ImportBots bots, Func<string, string>? asBot) : IDisposable
{
    // A batch ends at whichever comes first.
    private const int MostConversations = 1_000;
    private const int MostItems = 20_000;
    private const int MostBytes = 16 << 20;

    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Number of lines that were read, blank ones too.</summary>
    public long Line => lines.Number;

    /// <summary>The next batch. Null at the end.</summary>
    /// <exception cref="ImportException">A line cannot be imported.</exception>
    public async Task<ImportBatch?> NextAsync(CancellationToken cancel)
    {
        var (conversations, numbers) = (new List<ImportedConversation>(MostConversations), new List<long>(MostConversations));
        var (items, bytes) = (0, 0);
        try
        {
            while (conversations.Count < MostConversations && items < MostItems && bytes < MostBytes
                && await lines.NextAsync(cancel) is { } line)
            {
                var conversation = ImportLine.Parse(line, lines.IsFirst);
                if (asBot is not null)
                    conversation = conversation with { BotId = asBot(conversation.BotId) };
                if (await bots.ProblemAsync(conversation, cancel) is { } problem)
                    throw new FormatException(problem);
                _digest.AppendData(line.Span);
                _digest.AppendData("\n"u8);
                conversations.Add(conversation);
                numbers.Add(lines.Number);
                items += conversation.Items.Count;
                bytes += conversation.Bytes;
            }
        }
        catch (FormatException e)
        {
            throw new ImportException($"line {lines.Number}", e.Message);
        }
        return conversations.Count == 0 ? null : new ImportBatch(conversations, numbers, lines.Number, _digest.GetCurrentHash());
    }

    public void Dispose() => _digest.Dispose();
}
