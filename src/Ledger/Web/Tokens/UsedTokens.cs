using System.Security.Cryptography;
using System.Text;
using Ledger.Database;
using Npgsql;

namespace Ledger.Web.Tokens;

/// <summary>
/// Remembers which <c>jti</c> were used, until their tokens expire. They are kept as digests, because a client may put anything into a jti.
/// </summary>
internal sealed class UsedTokens(NpgsqlDataSource database)
{
    private static readonly string ConsumeSql = Sql.Load(typeof(UsedTokens), nameof(IsFirstUseAsync));
    private static readonly string DeleteExpiredSql = Sql.Load(typeof(UsedTokens), nameof(DeleteExpiredAsync));

    /// <summary>Consumes a jti, durably. Of any number of requests with it, on any nodes, only one gets true.</summary>
    public async Task<bool> IsFirstUseAsync(string clientId, string jti, DateTimeOffset expiresAt, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ConsumeSql);
        command.Parameters.AddWithValue(clientId);
        command.Parameters.AddWithValue(SHA256.HashData(Encoding.UTF8.GetBytes(jti)));
        command.Parameters.AddWithValue(expiresAt);
        return await command.ExecuteNonQueryAsync(cancel) == 1;
    }

    /// <summary>Deletes some of the tokens that expired before an instant.</summary>
    /// <returns>Number of deleted tokens. Less than <paramref name="limit"/> once none are left.</returns>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset before, int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DeleteExpiredSql);
        command.Parameters.AddWithValue(before);
        command.Parameters.AddWithValue(limit);
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
