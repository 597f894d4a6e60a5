namespace Ledger.Database;

/// <summary>SQL statements, one embedded file each, beside the class that runs them and named after the method.</summary>
public static class Sql
{
    /// <summary>
    /// The statement of <paramref name="owner"/>'s <paramref name="method"/>: the file <c>Owner.Method.sql</c> in its folder.
    /// </summary>
    public static string Load(Type owner, string method)
    {
        var name = $"{owner.FullName}.{method}.sql";
        using var stream =
            owner.Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no embedded SQL '{name}'");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
