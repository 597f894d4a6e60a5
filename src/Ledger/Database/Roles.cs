using Npgsql;

namespace Ledger.Database;

/// <summary>
/// The roles of a ledger (docs/adr/0043). One owns all of it, and nobody logs in as it. One is the service's, which owns nothing. One is
/// for whoever reads the events by tools of their own.
/// </summary>
internal static class Roles
{
    /// <summary>Owns everything. Whoever migrates logs in as a role that may become it (<c>set role</c>).</summary>
    public const string Owner = "ledger_owner";

    /// <summary>The service's: see Grants.Missing.sql.</summary>
    public const string Service = "ledger_service";

    /// <summary>A role to be a member of: it reads events and documents, and keeps its own place in them.</summary>
    public const string Reader = "ledger_reader";

    private const long AdvisoryLock = 0x72_6F_6C_65_73; // "roles"

    private static readonly string MissingSql = Sql.Load(typeof(Roles), "Missing");

    /// <summary>Makes the roles that are missing. Then this session is the owner's.</summary>
    /// <param name="login">A session as the role that logged in, on the ledger's database.</param>
    /// <exception cref="InvalidOperationException">This is no role for it, or it may not do something; says what is needed.</exception>
    public static async Task BecomeOwnerAsync(NpgsqlConnection login, CancellationToken cancel)
    {
        await RefuseServiceAsync(login, cancel);
        // Two migrations of one database do this one after the other.
        await ExecuteAsync(login, $"select pg_advisory_lock({AdvisoryLock})", cancel);
        // What is missing depends on what was made. So each statement is asked for anew.
        var last = "";
        while (await MissingAsync(login, cancel) is { } statement)
        {
            if (statement == last) // the server warns of a right that it does not give, and goes on
                throw NotAllowed(statement);
            await ExecuteAsync(login, statement, cancel);
            last = statement;
        }
        await ExecuteAsync(login, $"select pg_advisory_unlock({AdvisoryLock})", cancel);
        await ExecuteAsync(login, $"set role {Owner}", cancel);
    }

    private static async Task RefuseServiceAsync(NpgsqlConnection login, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select current_user", login);
        if (await command.ExecuteScalarAsync(cancel) is Service)
            throw new InvalidOperationException(
                $"run `ledger migrate` as a role that may become {Owner}, not as {Service}, which may only append to what that owns");
    }

    private static async Task<string?> MissingAsync(NpgsqlConnection login, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(MissingSql, login);
        return await command.ExecuteScalarAsync(cancel) as string;
    }

    private static InvalidOperationException NotAllowed(string statement, Exception? inner = null) =>
        new($"`{statement}` is needed, and this role may not do that: ask an administrator of the server for it", inner);

    private static async Task ExecuteAsync(NpgsqlConnection login, string statement, CancellationToken cancel)
    {
        try
        {
            await using var command = new NpgsqlCommand(statement, login);
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            throw NotAllowed(statement, e);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
        {
            // Another database of the same server was migrated at the same moment: the role is there now.
        }
    }
}
