using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Npgsql;

namespace Ledger.Keys;

/// <summary>
/// The manifest's rest of a cancelled job (docs/formats.md): the roots of the fewest complete subtrees of its manifest that make up the
/// ordinals that were not touched. It is written when the job is cancelled, because it cannot be made once the job's key is destroyed. It
/// holds hashes of commitments, and nothing leads from these back to an identifier.
/// </summary>
internal static class ManifestRest
{
    private static readonly string RootsSql = Sql.Load(typeof(ManifestRest), nameof(WriteAsync));

    /// <summary>The rest that the cancellation left. Null if it is not known, because the job's key was gone by then.</summary>
    public static async Task<IReadOnlyList<byte[]>?> ReadAsync(NpgsqlConnection connection, JobId job, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select roots from ledger.job_manifest_rest where job_id = $1", connection)
        {
            Parameters = { new() { Value = job.Value } },
        };
        return await command.ExecuteScalarAsync(cancel) is byte[] roots ? [.. roots.Chunk(MerkleTree.HashSize)] : null;
    }

    /// <summary>Stores the rest of a job that is cancelled in this transaction.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="job">The job.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="from">The first ordinal without an outcome.</param>
    /// <param name="conversations">Number of conversations identified.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<NpgsqlBatchCommand> WriteAsync(
        NpgsqlConnection connection, JobId job, JobKey key, long from, long conversations, CancellationToken cancel)
    {
        var first = (int)(from / Manifest.RowSize);
        // The rows in which the rest begins and ends can be split between subtrees. Of the others the stored roots do.
        var (rows, edges) = await RowsAsync(connection, job, key, first, (int)((conversations - 1) / Manifest.RowSize), cancel);
        var roots = new MemoryStream();
        foreach (var node in NodeId.Covering(from, conversations))
        {
            var root = new MerkleRoot();
            var begin = node.Index * node.Leaves;
            if (node.Leaves < Manifest.RowSize)
            {
                var leaves = edges[(int)(begin / Manifest.RowSize)];
                foreach (var leaf in leaves.Skip((int)(begin % Manifest.RowSize)).Take((int)node.Leaves))
                    root.AddLeaf(leaf);
            }
            else
            {
                foreach (var row in rows.Skip((int)(begin / Manifest.RowSize) - first).Take((int)(node.Leaves / Manifest.RowSize)))
                    root.AddSubtree(row, Manifest.RowSize);
            }
            roots.Write(root.Root());
        }
        return new NpgsqlBatchCommand("insert into ledger.job_manifest_rest (job_id, roots) values ($1, $2)")
        {
            Parameters = { new() { Value = job.Value }, new() { Value = roots.ToArray() } },
        };
    }

    /// <summary>The roots of all rows from the first on, and the leaf hashes of the first and the last.</summary>
    private static async Task<(List<byte[]> Roots, Dictionary<int, byte[][]> Edges)> RowsAsync(
        NpgsqlConnection connection, JobId job, JobKey key, int first, int last, CancellationToken cancel)
    {
        var (roots, edges) = (new List<byte[]>(), new Dictionary<int, byte[][]>());
        await using var command = new NpgsqlCommand(RootsSql, connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = first }, new() { Value = last } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var number = reader.GetInt32(0);
            roots.Add(reader.GetFieldValue<byte[]>(1));
            if (await reader.IsDBNullAsync(2, cancel))
                continue;
            edges[number] =
            [
                .. Manifest.Unseal(key, number, reader.GetFieldValue<byte[]>(2))
                    .Select(entry => MerkleTree.LeafHash(key.Commit(IdentifierKind.Conversation, entry.ConversationId))),
            ];
        }
        return (roots, edges);
    }
}
