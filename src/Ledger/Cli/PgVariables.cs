namespace Ledger.Cli;

/// <summary>
/// Npgsql takes settings from libpq's variables (PGOPTIONS, PGTZ, PGREQUIREAUTH and others). Only what is documented decides how the ledger
/// connects, also to the PostgreSQL that it runs itself.
/// </summary>
internal static class PgVariables
{
    /// <summary>Takes them out of this process's environment.</summary>
    public static void Forget()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (name.StartsWith("PG", StringComparison.Ordinal))
                Environment.SetEnvironmentVariable(name, null);
        }
    }
}
