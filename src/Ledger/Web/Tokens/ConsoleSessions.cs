using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ledger.Database;
using Npgsql;

namespace Ledger.Web.Tokens;

/// <summary>The sessions of the console: a random id in a cookie, and its digest in the database, so that any node knows it.</summary>
internal sealed class ConsoleSessions(NpgsqlDataSource database, TimeProvider time)
{
    public const string Cookie = "ledger-session";

    /// <summary>The time after its beginning when a session ends, however much it is used.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    /// <summary>The time after its latest use when a session ends, give or take a minute.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private const int IdBytes = 32;

    private static readonly string StartSql = Sql.Load(typeof(ConsoleSessions), nameof(StartAsync));
    private static readonly string FindSql = Sql.Load(typeof(ConsoleSessions), nameof(FindAsync));
    private static readonly string IsLiveSql = Sql.Load(typeof(ConsoleSessions), nameof(IsLiveAsync));
    private static readonly string EndSql = Sql.Load(typeof(ConsoleSessions), nameof(EndAsync));
    private static readonly string DeleteExpiredSql = Sql.Load(typeof(ConsoleSessions), nameof(DeleteExpiredAsync));

    /// <summary>Starts a new session of a client.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="secretId">The secret with which the session ends. Null if the client signs with its own key.</param>
    /// <returns>Its id, only for the cookie. Null if the secret was retired at this moment.</returns>
    public async Task<string?> StartAsync(string clientId, string? secretId, CancellationToken cancel)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
        await using var command = database.CreateCommand(StartSql);
        command.Parameters.AddWithValue(Digest(id));
        command.Parameters.AddWithValue(clientId);
        command.Parameters.AddWithValue(time.GetUtcNow());
        command.Parameters.AddWithValue(Idle);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = secretId });
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e.ConstraintName == "console_sessions_end_with_their_secret")
        {
            return null;
        }
        return id;
    }

    /// <summary>The session's client, and the secret with which it ends. Null if there is no session, or it has ended.</summary>
    /// <param name="id">The id from the cookie.</param>
    /// <param name="isUse">True if this use puts off the session's end.</param>
    public async Task<(string ClientId, string? SecretId)?> FindAsync(string id, bool isUse, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.AddWithValue(Digest(id));
        command.Parameters.AddWithValue(time.GetUtcNow());
        command.Parameters.AddWithValue(isUse ? Idle : TimeSpan.Zero);
        command.Parameters.AddWithValue(Lifetime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetString(0), reader.GetValue(1) as string) : null;
    }

    /// <summary>True if the session goes on. Asking does not count as a use.</summary>
    public async Task<bool> IsLiveAsync(string id, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(IsLiveSql);
        command.Parameters.AddWithValue(Digest(id));
        command.Parameters.AddWithValue(time.GetUtcNow());
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    public async Task EndAsync(string id, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(EndSql);
        command.Parameters.AddWithValue(Digest(id));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Deletes some of the sessions that expired before an instant.</summary>
    /// <returns>Number of deleted sessions. Less than <paramref name="limit"/> once none are left.</returns>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset before, int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DeleteExpiredSql);
        command.Parameters.AddWithValue(before);
        command.Parameters.AddWithValue(limit);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static byte[] Digest(string id) => SHA256.HashData(Encoding.UTF8.GetBytes(id));
}
