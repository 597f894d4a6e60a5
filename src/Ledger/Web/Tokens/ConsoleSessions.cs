using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ledger.Database;
using Npgsql;

namespace Ledger.Web.Tokens;

/// <summary>Who is signed in to the console: a random id in a cookie, and its digest in the database, so that any node knows it.</summary>
internal sealed class ConsoleSessions(NpgsqlDataSource database, TimeProvider time)
{
    public const string Cookie = "ledger-session";

    /// <summary>A session ends this long after it began, however much it is used.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    /// <summary>It ends this long after its latest use, give or take a minute.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private const int IdBytes = 32;

    private static readonly string StartSql = Sql.Load(typeof(ConsoleSessions), nameof(StartAsync));
    private static readonly string FindSql = Sql.Load(typeof(ConsoleSessions), nameof(FindAsync));
    private static readonly string IsLiveSql = Sql.Load(typeof(ConsoleSessions), nameof(IsLiveAsync));
    private static readonly string EndSql = Sql.Load(typeof(ConsoleSessions), nameof(EndAsync));
    private static readonly string DeleteExpiredSql = Sql.Load(typeof(ConsoleSessions), nameof(DeleteExpiredAsync));

    /// <summary>A new session of a client.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="secretId">The secret with which the session ends; null: the client signs with its own key.</param>
    /// <returns>Its id: for the cookie alone. Null: the secret was retired this moment.</returns>
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

    /// <summary>Whose session it is, and with which secret it ends; null: there is none, or it has ended.</summary>
    /// <param name="id">The cookie's.</param>
    /// <param name="isUse">Whether this puts its end off.</param>
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

    /// <summary>Whether it goes on. Asking is no use of it.</summary>
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

    /// <summary>Forgets some of the sessions that expired before an instant.</summary>
    /// <returns>How many: less than <paramref name="limit"/> once none are left.</returns>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset before, int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DeleteExpiredSql);
        command.Parameters.AddWithValue(before);
        command.Parameters.AddWithValue(limit);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static byte[] Digest(string id) => SHA256.HashData(Encoding.UTF8.GetBytes(id));
}
