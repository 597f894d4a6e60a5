using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Npgsql;

namespace Ledger.Proofs;

/// <summary>
/// Writes the erasure proof of a whole job (docs/formats.md, "Job proof") while it reads it, so memory does not grow with the job. The
/// checkpoint fixes what it reads, so it can read in pages, each on a connection of its own. Neither a snapshot nor a connection is held
/// while a slow client receives.
/// </summary>
public sealed class JobProver(NpgsqlDataSource database)
{
    /// <summary>Number of leaves that are read at once.</summary>
    private const int PageSize = 1_024;

    private readonly NodeReader _nodes = TileStore.Nodes(database);

    /// <param name="job">The job to prove.</param>
    /// <param name="key">The key that discloses the job's identifiers, as they were when it was opened. Null for a proof without
    /// them.</param>
    /// <param name="to">The stream that receives the proof.</param>
    /// <exception cref="LogException">The database does not hold what the log committed to. The bytes written so far are no
    /// proof.</exception>
    /// <exception cref="InvalidOperationException">The job's key was destroyed meanwhile.</exception>
    public async Task WriteAsync(ProvableJob job, JobKey? key, Stream to, CancellationToken cancel)
    {
        var proof = new JobProofWriter(to);
        await proof.WriteHeaderAsync(job.Checkpoint.Origin, job.Id, job.Note, cancel);
        await foreach (var run in LeafRun.OfJobAsync(database, job.Id, cancel))
            await WriteRunAsync(proof, run, job.Checkpoint.Size, cancel);
        if (key is null)
            await proof.BeginDisclosuresAsync(0, cancel);
        else
            await WriteDisclosuresAsync(proof, job, key, cancel);
        await proof.EndAsync(job.Rest, cancel);
    }

    private async Task WriteRunAsync(JobProofWriter proof, LeafRun run, long size, CancellationToken cancel)
    {
        var (left, right) = (NodeId.Covering(0, run.First), NodeId.Covering(run.End, size));
        var hashes = await _nodes([.. left, .. right], cancel);
        await proof.BeginRunAsync(run.First, run.Count, [.. hashes.Take(left.Count)], [.. hashes.Skip(left.Count)], cancel);
        for (var from = run.First; from < run.End; from += PageSize)
        {
            foreach (var entry in await EntriesAsync(from, Math.Min(from + PageSize, run.End), cancel))
                await proof.WriteEntryAsync(entry, cancel);
        }
    }

    private async Task<List<byte[]>> EntriesAsync(long from, long to, CancellationToken cancel)
    {
        var entries = new List<byte[]>(PageSize);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var leaf in StoredLeaf.ReadAsync(connection, from, to, cancel))
            entries.Add(leaf.Entry());
        return entries;
    }

    private async Task WriteDisclosuresAsync(JobProofWriter proof, ProvableJob job, JobKey key, CancellationToken cancel)
    {
        var cId = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, job.Secrets!.SealedRequest)) is DeletionRequest.ByChannelUser user
            ? user.CId
            : null;
        await proof.BeginDisclosuresAsync(job.Outcomes + (cId is null ? 0 : 1), cancel);
        if (cId is not null)
            await proof.WriteDisclosureAsync(key.Disclose(IdentifierKind.CId, cId), cancel);
        await foreach (var (ordinal, id) in SealedList.ReadAsync(database, job.Id, key, cancel))
        {
            // A list that could not be resolved to its end leaves rows that no event is of.
            if (ordinal == job.Outcomes)
                break;
            await proof.WriteDisclosureAsync(key.Disclose(IdentifierKind.Conversation, id, ordinal), cancel);
        }
    }
}
