using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.EventStore;
using Ledger.Import;
using Ledger.Keys;

namespace Ledger.Bench;

/// <summary>
/// Peak resident memory (VmHWM) and time of an import, in a process of its own, into a ledger whose jobs have erased as many other
/// conversations of the bot, beside the same import into an empty one. One item each.
/// </summary>
public static class ImportBench
{
    private const string Text = "I would like to book a table for two people at half past seven in the evening.";
    private const string Rest =
        $$"""
        "channel":"rtm","startedAt":"2026-01-01T08:00:00.000Z","messages":[{"type":"incoming","text":"{{Text}}"}]}
        """;

    public static async Task<IReadOnlyList<Figure>> RunAsync(bool quick)
    {
        var (rounds, lines) = quick ? (1, 20_000) : (3, 1_000_000);
        var file = Path.Combine(Path.GetTempPath(), $"ledger-bench-{RandomNumberGenerator.GetHexString(8, lowercase: true)}.jsonl");
        try
        {
            await WriteAsync(file, lines);
            var (besides, alone) = (new List<Measured>(), new List<Measured>());
            for (var round = 0; round < rounds; round++)
            {
                alone.Add(await MeasureAsync(file, erased: 0));
                besides.Add(await MeasureAsync(file, erased: lines));
                Console.Error.WriteLine(FormattableString.Invariant($"import {round}: {besides[^1]} beside {alone[^1]}"));
            }
            var name = $"import of {lines:N0} lines beside {lines:N0} erased ids";
            return
            [
                Figure(name + ", memory", "KiB", besides, alone, one => one.KiB, "at most 65,536 KiB more"),
                Figure(name + ", time", "ms", besides, alone, one => one.Milliseconds, "at most 1.5"),
            ];
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The second process: one import. Its last line is what it took.</summary>
    public static async Task<int> RunNodeAsync(string keys, string file)
    {
        var connection = (await Console.In.ReadLineAsync())!;
        await using var database = ServiceDatabase.Source(connection);
        await using var source = ImportSource.Of(File.OpenRead(file));
        await using var store = MartenSetup.Store(database, TimeProvider.System);
        var import = new ConversationImport(database, store, KeyFolder.Open(keys));
        var began = TimeProvider.System.GetTimestamp();
        var check = await import.CheckAsync(source, asBot: null, progress: null, CancellationToken.None);
        var checking = TimeProvider.System.GetElapsedTime(began);
        Console.Error.WriteLine(FormattableString.Invariant($"checked after {checking.TotalMilliseconds:N0} ms"));
        var result = await import.StoreAsync(check, again: null, progress: null, CancellationToken.None);
        var took = TimeProvider.System.GetElapsedTime(began);
        Console.Error.WriteLine(FormattableString.Invariant($"{result.Totals}"));
        Console.WriteLine(FormattableString.Invariant($"{(long)took.TotalMilliseconds}"));
        Console.WriteLine(NodeProcess.StatusOf("VmHWM"));
        return 0;
    }

    private sealed record Measured(double KiB, double Milliseconds)
    {
        public override string ToString() => FormattableString.Invariant($"{KiB:N0} KiB in {Milliseconds:N0} ms");
    }

    private static Figure Figure(
        string name, string unit, IReadOnlyList<Measured> measured, IReadOnlyList<Measured> floor, Func<Measured, double> value,
            string aim) =>
        new(name, unit, "beside", "empty", [.. measured.Select(value)], [.. floor.Select(value)], aim);

    private static async Task<Measured> MeasureAsync(string file, int erased)
    {
        await using var bench = await BenchDatabase.StartAsync();
        if (erased > 0)
            await EraseAsync(bench, erased);
        var numbers = NodeProcess.RunAll(bench, "import-node", file);
        return new Measured(KiB: numbers[^1], Milliseconds: numbers[^2]);
    }

    /// <summary>What a job leaves that has erased so many conversations: its key, and its sealed list with the outcomes.</summary>
    private static async Task EraseAsync(BenchDatabase bench, int conversations)
    {
        var job = new JobId(NamedUuidOf("job"));
        var (key, epoch, wrapped) = bench.Keys.NewJobKey(job);
        await using var connection = await bench.Superuser.OpenConnectionAsync();
        await using (var begin = new Npgsql.NpgsqlBatch(connection))
        {
            begin.BatchCommands.Add(new(
                """
                insert into ledger.mt_doc_job (id, data, bot, client, submitted_at, planned_at, status)
                values ($1, '{}', $2, 'cs-bench', now(), now(), 'completed')
                """)
            {
                Parameters = { new() { Value = job.Value }, new() { Value = BenchDatabase.Bot } },
            });
            begin.BatchCommands.Add(new(
                "insert into ledger.job_secrets (job_id, epoch, wrapped_key, request_digest, sealed_request) values ($1, $2, $3, '', '')")
            {
                Parameters = { new() { Value = job.Value }, new() { Value = epoch }, new() { Value = wrapped } },
            });
            await begin.ExecuteNonQueryAsync();
        }
        for (var (row, first) = (0, 0); first < conversations; (row, first) = (row + 1, first + Manifest.RowSize))
        {
            var count = Math.Min(Manifest.RowSize, conversations - first);
            ManifestEntry[] entries = [.. Enumerable.Range(first, count).Select(n =>
                new ManifestEntry(Id("erased", n), Skip: null, Key: n + 1))];
            await using var insert = new Npgsql.NpgsqlCommand(
                """
                insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
                values ($1, $2, $3, $4, $5, $6, 0)
                """, connection)
            {
                Parameters =
                {
                    new() { Value = job.Value }, new() { Value = row }, new() { Value = count }, new() { Value = new byte[32] },
                    new() { Value = Manifest.Seal(key, row, entries) },
                        new() { Value = Enumerable.Repeat(OutcomeCode.Deleted, count).ToArray() },
                },
            };
            await insert.ExecuteNonQueryAsync();
        }
        await bench.ExecuteAsync("vacuum analyze ledger.job_manifest");
    }

    private static async Task WriteAsync(string file, int lines)
    {
        await using var writer = new StreamWriter(file, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        for (var n = 0; n < lines; n++)
        {
            await writer.WriteAsync(string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"botId":"{{BenchDatabase.Bot}}","conversationId":"{{Id("line", n)}}","cId":"u-{{n / 5}}","""));
            await writer.WriteLineAsync(Rest);
        }
    }

    private static string Id(string what, int n) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{what} {n}"))))[..24];

    private static Guid NamedUuidOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
}
