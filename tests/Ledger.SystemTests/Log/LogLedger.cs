using System.Security.Cryptography;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log;
using Ledger.SystemTests.EventStore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.SystemTests.Log;

/// <summary>A database of events, a key folder, and writers of the log.</summary>
internal sealed class LogLedger : IAsyncDisposable
{
    public const string Origin = "ledger.example/test";

    private readonly List<IAsyncDisposable> _open = [];
    private readonly List<string> _folders = [];
    private LogDatabase? _own;

    private LogLedger(EventStoreDatabase events, string folder) => (Events, KeyDirectory) = (events, folder);

    public EventStoreDatabase Events { get; }
    public string KeyDirectory { get; }
    public NoteVerifier Key => LogKeyFile.Read(KeyDirectory).Verifier;

    /// <param name="keys">The folder of another ledger; null: one of its own.</param>
    public static async Task<LogLedger> CreateAsync(string? keys = null)
    {
        var ledger = new LogLedger(await EventStoreDatabase.CreateAsync(), keys ?? NewFolder());
        if (keys is null)
        {
            KeyFolder.Create(ledger.KeyDirectory, Origin);
            ledger._folders.Add(ledger.KeyDirectory);
        }
        return ledger;
    }

    /// <summary>A writer with the folder, or with a copy of it as another machine would have.</summary>
    public LogWriter Writer(Action<string>? at = null, CosignAsync? cosign = null, string? folder = null)
    {
        // Those of this machine share their connections: each new one costs the server a process.
        var database = folder is null && _own is not null ? _own : new LogDatabase(Events.Database.ConnectionStringFor("ledger_service"));
        if (database != _own)
            _open.Add(database);
        if (folder is null)
            _own = database;
        return new LogWriter(
            database, KeyFolder.Open(folder ?? KeyDirectory), new LogOptions { Loop = false, Cosign = cosign }, TimeProvider.System,
            NullLogger<LogWriter>.Instance)
        {
            At = at ?? (_ => { }),
        };
    }

    public string CopyOfKeys()
    {
        var copy = NewFolder();
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(KeyDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        _folders.Add(copy);
        return copy;
    }

    /// <summary>Events of a stream of their own.</summary>
    public async Task<Guid> AppendAsync(string stream, int events = 1)
    {
        await Events.AppendAsync(
            EventStoreDatabase.Stream(stream), 0, [.. Enumerable.Range(1, events).Select(i => EventStoreDatabase.Event($"{stream}-{i}"))]);
        return EventStoreDatabase.Stream(stream);
    }

    /// <summary>A pass without trouble; the log is complete after it.</summary>
    public async Task<LogPass> WriteAsync(LogWriter? writer = null)
    {
        writer ??= Writer();
        LogPass pass;
        while ((pass = await writer.RunOnceAsync(CancellationToken.None)) is { Events: > 0, Problem: null })
        {
        }
        Assert.Null(pass.Problem);
        return pass;
    }

    /// <summary>The entries in the log's order, read without the service's code.</summary>
    public async Task<List<byte[]>> EntriesAsync()
    {
        var entries = new List<byte[]>();
        await using var command = Events.Superuser.CreateCommand(
            """
            select case when s.type = 'job' then 'cdj-' else '' end || e.stream_id, e.version, e.type, e.timestamp,
                convert_to(e.data::text, 'UTF8')
            from ledger.log_runs r cross join generate_series(0, r.count - 1) n
            join ledger.mt_events e on e.stream_id = r.stream_id and e.version = r.first_version + n
            join ledger.mt_streams s on s.id = e.stream_id
            order by r.first_index + n
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            entries.Add(
                LeafEntry.Encode(
                    reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
                    reader.GetFieldValue<byte[]>(4))
            );
        return entries;
    }

    /// <summary>
    /// Holds everything against everything: each event once and without gaps, the tiles and every checkpoint ever signed against a tree
    /// calculated by the definition.
    /// </summary>
    public async Task<List<byte[]>> HoldsAsync(NoteVerifier? key = null)
    {
        Assert.Equal(
            0,
            await Events.ScalarAsync<long>(
                """
                select count(*) from (select stream_id, version from ledger.mt_events) e full join
                    (select stream_id, first_version + n as version
                        from ledger.log_runs
                        cross join generate_series(0, count - 1) n) l on l.stream_id = e.stream_id and l.version = e.version
                where e.version is null or l.version is null
                """
            )
        );
        var size = await Events.ScalarAsync<long>("select size from ledger.log_state");
        Assert.True(
            await Events.ScalarAsync<bool>(
                """
                select coalesce(sum(count), 0) = (select size from ledger.log_state) and coalesce(bool_and(first_index = before), true)
                from (select count, first_index, coalesce(sum(count) over (order by first_index rows between unbounded preceding
                    and 1 preceding), 0) as before from ledger.log_runs) r
                """
            )
        );
        Assert.Equal(size, await Events.ScalarAsync<long>("select count(*) from ledger.mt_events"));
        var leaves = (await EntriesAsync()).ConvertAll(entry => MerkleTree.LeafHash(entry));
        Assert.Equal(Mth(leaves, 0, leaves.Count), await Events.ScalarAsync<byte[]>("select root from ledger.log_state"));
        await CheckpointsHoldAsync(leaves, key ?? Key);
        await TilesHoldAsync(leaves);
        return leaves;
    }

    /// <summary>RFC 6962 §2.1, word for word.</summary>
    public static byte[] Mth(IReadOnlyList<byte[]> leaves, int first, int end)
    {
        if (end - first <= 1)
            return first == end ? SHA256.HashData([]) : leaves[first];
        var k = 1;
        while (k * 2 < end - first)
            k *= 2;
        return SHA256.HashData([1, .. Mth(leaves, first, first + k), .. Mth(leaves, first + k, end)]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var open in _open)
            await open.DisposeAsync();
        await Events.DisposeAsync();
        foreach (var folder in _folders)
            Directory.Delete(folder, recursive: true);
    }

    private async Task CheckpointsHoldAsync(List<byte[]> leaves, NoteVerifier key)
    {
        await using var command = Events.Superuser.CreateCommand("select size, root, note from ledger.log_checkpoints where origin = $1");
        command.Parameters.Add(new() { Value = key.Name });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var checkpoint = Checkpoint.Open(SignedNote.Parse(reader.GetString(2)), key);
            Assert.Equal(
                (checkpoint.Size, Convert.ToHexString(checkpoint.Root)),
                (reader.GetInt64(0), Convert.ToHexString(reader.GetFieldValue<byte[]>(1))));
            Assert.Equal(Mth(leaves, 0, (int)checkpoint.Size), checkpoint.Root);
        }
    }

    private async Task TilesHoldAsync(List<byte[]> leaves)
    {
        var tiles = 0;
        for (var (level, width) = (0, 1); width <= leaves.Count; (level, width) = (level + 1, width * 256))
        {
            foreach (var (tile, number) in Enumerable.Range(0, leaves.Count / width).Chunk(256).Select((chunk, number) => (chunk, number)))
            {
                var expected = tile.SelectMany(i => Mth(leaves, i * width, (i + 1) * width)).ToArray();
                Assert.Equal(
                    expected,
                    await Events.ScalarAsync<byte[]>($"select hashes from ledger.log_tiles where level = {level} and number = {number}"));
                tiles++;
            }
        }
        Assert.Equal(tiles, await Events.ScalarAsync<long>("select count(*) from ledger.log_tiles"));
    }

    private static string NewFolder() =>
        Path.Combine(Path.GetTempPath(), $"ledger-test-log-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
}
