using Ledger.Keys;
using Npgsql;

namespace Ledger.Jobs;

/// <summary>A job's raw identifiers, opened for its events one by one in order. It holds one row of the list at a time.</summary>
/// <param name="replay">The job.</param>
/// <param name="key">The job's key, as it was when it was opened.</param>
internal sealed class JobIdentifiers(NpgsqlDataSource database, JobReplay replay, JobKey key)
{
    private int _row = -1;
    private IReadOnlyList<ManifestEntry>? _entries;

    /// <summary>The request of the job.</summary>
    public DeletionRequest Request { get; } = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, replay.Secrets!.SealedRequest));

    /// <summary>The conversation with this place in the job's list.</summary>
    /// <exception cref="InvalidOperationException">The list has no such place, or was destroyed meanwhile.</exception>
    public async Task<string> ConversationAsync(long ordinal, CancellationToken cancel)
    {
        var row = (int)(ordinal / Manifest.RowSize);
        if (row != _row)
            (_row, _entries) = (row, await SealedList.RowAsync(database, replay.Job, key, row, cancel));
        return _entries?.ElementAtOrDefault((int)(ordinal % Manifest.RowSize))?.ConversationId
            ?? throw new InvalidOperationException("the job's list has no such place: run `ledger audit`");
    }
}
