using System.Text;
using Ledger.Database.Embedded;
using Ledger.Machine;
using Ledger.SystemTests.Database;
using Ledger.SystemTests.Foreign;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Keys;

/// <summary>A place that was searched, and all that is in it.</summary>
internal sealed record Kept(string Place, string Text);

/// <summary>
/// Everything that a ledger keeps, as text to be searched for what it must not keep. Nothing is listed by hand: tables, views and files are
/// found where they are, and a table that cannot be read fails the test.
/// </summary>
internal static class Residue
{
    /// <summary>
    /// Every row of every relation that holds any: tables of all schemas, PostgreSQL's own with its statistics, their TOAST tables,
    /// sequences, views, and what the sessions run. As COPY writes it, and the bytes of every binary column once more as they are.
    /// </summary>
    public static async Task<IReadOnlyList<Kept>> OfDatabaseAsync(NpgsqlConnection connection)
    {
        var kept = new List<Kept>();
        foreach (var relation in await TextsAsync(connection,
            """
            select oid::regclass::text from pg_class
            where relkind in ('r', 'm', 't', 'f', 'S') or oid = 'pg_stat_activity'::regclass
                or (relkind = 'v' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema'))
            """))
        {
            using var copy = await connection.BeginTextExportAsync($"copy (select * from {relation}) to stdout");
            kept.Add(new(relation, await copy.ReadToEndAsync()));
        }
        foreach (var column in await TextsAsync(connection,
            """
            select format('select %I from %s', attname, attrelid::regclass)
            from pg_attribute join pg_class c on c.oid = attrelid and relkind in ('r', 'm', 't', 'f')
            where atttypid = 'bytea'::regtype and not attisdropped
            """))
            kept.Add(new($"{column}, as bytes", await BytesAsync(connection, column)));
        return kept;
    }

    /// <summary>What <c>pg_dump</c> writes of the whole database.</summary>
    public static async Task<Kept> OfDumpAsync(TestDatabase database)
    {
        var binaries = await PostgresBinaries.FindAsync(
            explicitDirectory: null, requiredMajor: null, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        // Some machines have only the server's programs in that folder, and the clients' elsewhere.
        var beside = Path.Combine(binaries.BinDirectory, "pg_dump");
        var program = File.Exists(beside) ? beside : ShortProgram.Find("pg_dump", Environment.GetEnvironmentVariable("PATH"));
        Requires.That(program is not null, "pg_dump");
        var settings = new NpgsqlConnectionStringBuilder(database.Superuser);
        var (code, dump) = await Tool.RunAsync(
            program!, [$"--host={settings.Host}", $"--port={settings.Port}", $"--username={settings.Username}", settings.Database!],
            environment: new Dictionary<string, string> { ["PGPASSWORD"] = settings.Password! });
        Assert.True(code == 0, dump);
        Assert.Contains("PostgreSQL database dump complete", dump, StringComparison.Ordinal);
        return new("pg_dump", dump);
    }

    /// <summary>
    /// The files of a cluster but for its pages and the write-ahead log: logs, temporary files, settings. Not those of other clusters that
    /// tests make beside it.
    /// </summary>
    public static IReadOnlyList<Kept> OfCluster(string dataDirectory)
    {
        var (cluster, others) = (Path.Combine(dataDirectory, "cluster"), Path.Combine(dataDirectory, ScratchFolder.Parent));
        return [.. Files(dataDirectory, folder => folder != others && !IsPages(Path.GetRelativePath(cluster, folder)), DateTime.MinValue)];
    }

    /// <summary>Every file in <paramref name="folder"/>.</summary>
    public static IReadOnlyList<Kept> OfFolder(string folder) => [.. Files(folder, _ => true, DateTime.MinValue)];

    /// <summary>What is new in the machine's folder of temporary files; clusters (this run's among them) apart.</summary>
    public static IReadOnlyList<Kept> OfTemporaryFiles(DateTime since) =>
    [
        .. from entry in new DirectoryInfo(Path.GetTempPath()).EnumerateFileSystemInfos()
           where entry.LastWriteTimeUtc >= since && entry.LinkTarget is null
           from kept in entry is FileInfo ? Read(entry.FullName, since) : Files(entry.FullName, IsNoCluster, since)
           select kept,
    ];

    private static bool IsPages(string folder) => folder.Split(Path.DirectorySeparatorChar) switch
    {
        ["global" or "pg_wal" or "pg_xact" or "pg_multixact" or "pg_subtrans" or "pg_commit_ts", ..] => true,
        ["base", var database, ..] => database.All(char.IsAsciiDigit),
        _ => false,
    };

    private static bool IsNoCluster(string folder) =>
        !new[] { "PG_VERSION", "cluster.json" }.Any(file => File.Exists(Path.Combine(folder, file)));

    private static IEnumerable<Kept> Files(string folder, Func<string, bool> isSearched, DateTime since)
    {
        if (!isSearched(folder) || !Directory.Exists(folder))
            return [];
        try
        {
            var here = Directory.EnumerateFiles(folder).SelectMany(file => Read(file, since)).ToList();
            var inside = new DirectoryInfo(folder).EnumerateDirectories().Where(inner => inner.LinkTarget is null);
            return [.. here, .. inside.SelectMany(inner => Files(inner.FullName, isSearched, since))];
        }
        catch (Exception e) when (IsNotOurs(e))
        {
            return [];
        }
    }

    private static IEnumerable<Kept> Read(string file, DateTime since)
    {
        var info = new FileInfo(file);
        // Pipes and sockets have no length, and would be waited for. What a link leads to (a browser's to its socket) is read where it
        // lies.
        if (!info.Exists || info.Length == 0 || info.LinkTarget is not null || info.LastWriteTimeUtc < since)
            return [];
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            var content = bytes.ToArray();
            var text = new Kept(file, Encoding.UTF8.GetString(content));
            // ASCII is the same as bytes.
            return Ascii.IsValid(content) ? [text] : [text, new($"{file}, as bytes", Encoding.Latin1.GetString(content))];
        }
        catch (Exception e) when (IsNotOurs(e))
        {
            return [];
        }
    }

    /// <summary>It went meanwhile, or is another user's.</summary>
    private static bool IsNotOurs(Exception e) => e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException;

    private static async Task<string> BytesAsync(NpgsqlConnection connection, string column)
    {
        var bytes = new StringBuilder();
        await using var command = new NpgsqlCommand(column, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            bytes.AppendLine(await reader.IsDBNullAsync(0) ? "" : Encoding.Latin1.GetString(reader.GetFieldValue<byte[]>(0)));
        return bytes.ToString();
    }

    private static async Task<List<string>> TextsAsync(NpgsqlConnection connection, string sql)
    {
        var texts = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }
}
