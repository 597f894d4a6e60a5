using Ledger.Database;
using Npgsql;

namespace Ledger.Cli.Run;

/// <summary>
/// Finds the settings by which a PostgreSQL server that is not ours would log the data of our statements. Identifiers travel as parameters,
/// so a log of parameters is a list of deleted people outside the ledger's reach.
/// </summary>
internal static class ServerLogSettings
{
    private static readonly string WarningsSql = Sql.Load(typeof(ServerLogSettings), nameof(WarningsAsync));

    /// <summary>One warning for each such setting, with its remedy.</summary>
    public static async Task<IReadOnlyList<string>> WarningsAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        await using var command = source.CreateCommand(WarningsSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var warnings = new List<string>();
        if (reader.GetBoolean(0))
            warnings.Add(
                "the database server logs statements with their parameters, which hold conversation ids and text"
                    + Remedy("log_parameter_max_length = 0")
            );
        if (reader.GetBoolean(1))
            warnings.Add(
                "the database server logs the parameters of statements that fail, which hold conversation ids and text"
                    + Remedy("log_parameter_max_length_on_error = 0")
            );
        if (reader.GetBoolean(2))
            warnings.Add(
                "the database server logs the details of errors, which may quote conversation ids" + Remedy("log_error_verbosity = terse"));
        return warnings;
    }

    private static string Remedy(string setting) => $": as a superuser, `alter role ledger_service set {setting}`";
}
