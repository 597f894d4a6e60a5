using Npgsql;

namespace Ledger.Database.Checks;

/// <summary>
/// The rights of the service and of readers, and the modes of the triggers: a repeatable part of <c>migrate</c>, because a restore may come
/// without them.
/// </summary>
internal static class Grants
{
    private static readonly string MissingSql = Sql.Load(typeof(Grants), "Missing");
    private static readonly string ModesSql = Sql.Load(typeof(Grants), "Modes");

    /// <summary>A right that the service lacks, or a mode that is not as it must be.</summary>
    /// <param name="Statement">The statement that the owner runs.</param>
    /// <param name="Cure">The statement that makes this role the owner; null if it is the owner.</param>
    /// <param name="Problem">The reason that no statement helps; null if one does.</param>
    private sealed record Lacking(string Right, string Statement, string? Cure, string? Problem = null);

    /// <summary>Gives what is missing, and changes nothing where nothing is.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or belongs to another role; says which and the cure.</exception>
    public static async Task ApplyAsync(NpgsqlConnection owner, CancellationToken cancel)
    {
        // First: what everybody may is no right of the service's own.
        await PutRightAsync(owner, await ModesAsync(owner, cancel), cancel);
        foreach (var role in (string[])[Roles.Service, Roles.Reader])
            await PutRightAsync(owner, await MissingAsync(owner, role, cancel), cancel);
    }

    private static async Task PutRightAsync(NpgsqlConnection owner, List<Lacking> lacking, CancellationToken cancel)
    {
        if (lacking.Find(one => one.Problem is not null) is { Problem: var problem })
            throw new InvalidOperationException(problem);
        if (lacking.Find(one => one.Cure is not null) is { } foreign)
        {
            throw new InvalidOperationException(
                $"`{foreign.Statement}` is needed, and this role does not own what it is about: "
                + $"as a superuser, `{foreign.Cure}`");
        }
        if (lacking.Count == 0)
            return;
        await using var command = new NpgsqlCommand(string.Join(";\n", lacking.Select(one => one.Statement)), owner) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>In words, the rights that this role lacks; null: none.</summary>
    public static async Task<string?> ProblemAsync(NpgsqlConnection service, CancellationToken cancel)
    {
        var lacking = await MissingAsync(service, role: null, cancel);
        if (lacking.Find(one => one.Problem is not null) is { Problem: var problem })
            return problem;
        var more = lacking.Count > 1 ? $" and {lacking.Count - 1} more" : "";
        return lacking.Count == 0
            ? null
            : $"the service's role lacks the right {lacking[0].Right}{more}: run `ledger migrate`";
    }

    /// <param name="role">Null: this session's.</param>
    private static async Task<List<Lacking>> MissingAsync(NpgsqlConnection connection, string? role, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(MissingSql, connection)
        {
            Parameters = { new NpgsqlParameter<string?> { TypedValue = role } },
        };
        var lacking = new List<Lacking>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            lacking.Add(new Lacking(reader.GetString(0), reader.GetString(1), reader.GetValue(2) as string, reader.GetValue(3) as string));
        return lacking;
    }

    private static async Task<List<Lacking>> ModesAsync(NpgsqlConnection owner, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ModesSql, owner);
        var lacking = new List<Lacking>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            lacking.Add(new Lacking("", reader.GetString(0), reader.GetValue(1) as string));
        return lacking;
    }
}
