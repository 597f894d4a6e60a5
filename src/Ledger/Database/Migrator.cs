using System.Security.Cryptography;
using System.Text;
using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>
/// Numbered migrations, each applied once, and the grants each time, under an advisory lock, by the role that owns the tables.
/// </summary>
public static class Migrator
{
    private const long AdvisoryLock = 0x6C_65_64_67_65_72; // "ledger"
    private const string Prefix = "Ledger.Database.Migrations.";

    /// <summary>One migration: <c>0001_marten</c> and its statements.</summary>
    private sealed record Migration(int Number, string Name, string Sql)
    {
        public byte[] Digest => SHA256.HashData(Encoding.UTF8.GetBytes(Sql));
    }

    private static readonly Migration[] All = [.. typeof(Migrator).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(Read)
        .OrderBy(migration => migration.Number)];

    /// <summary>Brings the database up to date. Waits while another node does the same.</summary>
    /// <param name="owner">A session of the owner's (<see cref="Roles.BecomeOwnerAsync"/>).</param>
    /// <returns>The names of the migrations applied now.</returns>
    /// <exception cref="InvalidOperationException">
    /// The database was migrated by a newer version, an applied migration differs from ours, or something has another owner.
    /// </exception>
    public static async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlConnection owner, CancellationToken cancel)
    {
        await ExecuteAsync(owner, null, $"select pg_advisory_lock({AdvisoryLock})", cancel);
        try
        {
            await ExecuteAsync(
                owner,
                null,
                "create schema if not exists ledger; create table if not exists ledger.schema_migrations "
                    + "(number integer primary key, name text not null, digest bytea not null, applied_at timestamptz not null default "
                    + "now())",
                cancel
            );
            var pending = await PendingAsync(owner, cancel);
            foreach (var migration in pending)
                await ApplyAsync(owner, migration, cancel);
            await Grants.ApplyAsync(owner, cancel);
            return [.. pending.Select(migration => migration.Name)];
        }
        finally
        {
            await ExecuteAsync(owner, null, $"select pg_advisory_unlock({AdvisoryLock})", CancellationToken.None);
        }
    }

    /// <summary>The problem that keeps this version from running on the database; null if there is none.</summary>
    public static async Task<string?> ProblemAsync(NpgsqlConnection service, CancellationToken cancel)
    {
        try
        {
            var pending = await PendingAsync(service, cancel);
            return pending.Count == 0
                ? null
                : $"the database lacks {pending.Count} migration(s), the first is {pending[0].Name}: run `ledger migrate`";
        }
        catch (PostgresException e)
            when (e.SqlState
                    is PostgresErrorCodes.UndefinedTable
                        or PostgresErrorCodes.InvalidSchemaName
                        or PostgresErrorCodes.InsufficientPrivilege
            )
        {
            return "the database holds no ledger (or this role may not see it): run `ledger migrate`";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static async Task<IReadOnlyList<Migration>> PendingAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var applied = new Dictionary<int, byte[]>();
        await using var command = new NpgsqlCommand("select number, digest from ledger.schema_migrations", connection);
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
                applied.Add(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1));
        }
        if (applied.Keys.Except(All.Select(migration => migration.Number)).Any())
            throw new InvalidOperationException("the database was migrated by a newer version of the ledger: use that version");
        if (All.FirstOrDefault(migration =>
                applied.TryGetValue(migration.Number, out var digest) && !digest.AsSpan().SequenceEqual(migration.Digest)
            ) is
            { } changed)
            throw new InvalidOperationException(
                $"migration {changed.Name} was applied in another form: this is not the version that made the database");
        return [.. All.Where(migration => !applied.ContainsKey(migration.Number))];
    }

    private static async Task ApplyAsync(NpgsqlConnection owner, Migration migration, CancellationToken cancel)
    {
        await using var transaction = await owner.BeginTransactionAsync(cancel);
        await ExecuteAsync(owner, transaction, migration.Sql, cancel);
        await using var record = new NpgsqlCommand(
            "insert into ledger.schema_migrations (number, name, digest) values ($1, $2, $3)", owner, transaction)
        {
            Parameters = { new() { Value = migration.Number }, new() { Value = migration.Name }, new() { Value = migration.Digest } },
        };
        await record.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static Migration Read(string resource)
    {
        using var stream = typeof(Migrator).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        var name = resource[Prefix.Length..^".sql".Length];
        return new Migration(int.Parse(name.AsSpan(0, 4)), name, reader.ReadToEnd());
    }
}
