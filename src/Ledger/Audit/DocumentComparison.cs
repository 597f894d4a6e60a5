using System.Text.Json.Nodes;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections.Status;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Audit;

/// <summary>
/// Compares the stored rows of streams with the folds of their events. The folds are sent to the server, which answers with the
/// differences.
/// </summary>
internal sealed class DocumentComparison(NpgsqlConnection connection, Findings findings)
{
    private static readonly string OutcomesSql = Sql.Load(typeof(DocumentComparison), "Outcomes");
    private static readonly string RootsSql = Sql.Load(typeof(DocumentComparison), nameof(CompareRootsAsync));
    private static readonly string RestsSql = Sql.Load(typeof(DocumentComparison), nameof(CompareRestsAsync));
    private static readonly string OrphansSql = Sql.Load(typeof(DocumentComparison), nameof(FindOrphansAsync));

    private const string Meaning =
        "It was changed past the ledger, or an event was. If the log's checks hold, the events are right and this is not.";

    /// <returns>The number of documents and rows compared.</returns>
    public async Task<long> CompareAsync(IReadOnlyList<FoldedStream> streams, CancellationToken cancel)
    {
        FoldedStream[] started =
            [.. streams.Where(stream => stream.Job?.ManifestRoot is not null && stream.Projected.Document<JobStatus>() is not null)];
        var compared = 0L;
        foreach (var projection in InlineProjection.All)
        {
            FoldedStream[] projected = [.. streams.Where(stream => stream.Projected.Row(projection) is not null)];
            compared += await CompareProjectedAsync(projection, projected, cancel);
        }
        if (started.Length > 0)
        {
            compared += await FindAsync(
                FindingKind.JobManifest, "the outcomes in ledger.job_manifest of {0}", started, OutcomesSql,
                [.. Ids(started), Json(started, Outcomes)], cancel);
            await CompareRootsAsync(started, cancel);
            await CompareRestsAsync(started.ToDictionary(stream => stream.Id), cancel);
        }
        return compared;
    }

    /// <summary>Reports the rows that no event accounts for.</summary>
    public async Task FindOrphansAsync(CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(connection, OrphansSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            findings.Add(
                FindingKind.Orphan, $"the row of {reader.GetString(1)} in {reader.GetString(0)}", "a stream with events", "none",
                "The row was inserted past the ledger, or all of the stream's events were removed.");
        }
    }

    private async Task<long> CompareProjectedAsync(InlineProjection projection, FoldedStream[] streams, CancellationToken cancel)
    {
        var kind = projection.Table switch
        {
            "ledger.mt_doc_job" => FindingKind.JobDocument,
            "ledger.mt_doc_jobstatus" => FindingKind.StatusDocument,
            _ => FindingKind.RegistryDocument,
        };
        var folds = streams.Select(stream => (stream.Projected, stream.FoldedVersion));
        await foreach (var difference in StoredDocuments.DifferencesAsync(connection, projection, folds, cancel))
        {
            var name = streams.First(stream => stream.Id == difference.Stream).Name;
            findings.Add(kind, $"the document in {projection.Table} of {name}", difference.Expected, difference.Found ?? "none", Meaning);
        }
        return streams.Length;
    }

    /// <summary>Runs a statement whose rows are differences. Its columns are stream, expected and found.</summary>
    private async Task<long> FindAsync(
        FindingKind kind, string where, FoldedStream[] streams, string sql, NpgsqlParameter[] parameters, CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(connection, sql, [.. parameters]);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var name = streams.First(stream => stream.Id == reader.GetGuid(0)).Name;
            findings.Add(kind, where.Replace("{0}", name, StringComparison.Ordinal), reader.GetString(1), reader.GetString(2), Meaning);
        }
        return streams.Length;
    }

    /// <summary>Checks that the manifest's rows give the root that the job committed to when it started.</summary>
    private async Task CompareRootsAsync(FoldedStream[] started, CancellationToken cancel)
    {
        var roots = started.ToDictionary(stream => stream.Id, _ => (Tree: new MerkleRoot(), Last: (byte[]?)null));
        await using (var command = AuditSnapshot.Command(connection, RootsSql, started.Select(stream => stream.Id).ToArray()))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                var (id, size, root) = (reader.GetGuid(0), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2));
                if (size == Manifest.RowSize)
                    roots[id].Tree.AddSubtree(root, Manifest.RowSize);
                else
                    roots[id] = roots[id] with { Last = root };
            }
        }
        foreach (var stream in started)
        {
            var (tree, last) = roots[stream.Id];
            var (expected, found) = (stream.Job!.ManifestRoot!, last is null ? tree.Root() : tree.RootWithLast(last));
            if (!expected.AsSpan().SequenceEqual(found))
                findings.Add(
                    FindingKind.JobManifest, $"the list in ledger.job_manifest of {stream.Name}",
                    $"the root {Convert.ToBase64String(expected)}", Convert.ToBase64String(found), Meaning);
        }
    }

    /// <summary>Checks that the rests that cancellations left give the roots too. Proofs are made from them.</summary>
    private async Task CompareRestsAsync(Dictionary<Guid, FoldedStream> started, CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(connection, RestsSql, started.Keys.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var stream = started[reader.GetGuid(0)];
            if (stream.Job!.Check([.. reader.GetFieldValue<byte[]>(1).Chunk(MerkleTree.HashSize)]) is { } broken)
                findings.Add(
                    FindingKind.JobManifest, $"the list's rest in ledger.job_manifest_rest of {stream.Name}", broken.Expected, broken.Found,
                    Meaning);
        }
    }

    private static NpgsqlParameter[] Ids(FoldedStream[] streams) =>
    [
        new() { Value = streams.Select(stream => stream.Id).ToArray() },
        new() { Value = streams.Select(stream => stream.FoldedVersion).ToArray() },
    ];

    private static NpgsqlParameter Json(FoldedStream[] streams, Func<FoldedStream, string?> json) =>
        new() { Value = streams.Select(json).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb };

    private static string Outcomes(FoldedStream stream)
    {
        var codes = JobRules.OutcomeCodes(stream.Projected.Document<JobStatus>()!.Result);
        var json = new JsonObject { ["open"] = codes.Where(code => OutcomeCode.IsOpen(code.Key)).Sum(code => code.Value) };
        foreach (var (code, count) in codes.Where(code => code.Value != 0))
            json[code.ToString()] = count;
        return json.ToJsonString();
    }
}
