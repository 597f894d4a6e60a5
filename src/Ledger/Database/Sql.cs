using System.Text;

namespace Ledger.Database;

/// <summary>SQL statements, kept in <c>.sql</c> files beside the class that runs them and named after the method.</summary>
public static class Sql
{
    /// <summary>The text of <c>{owner}.{method}.sql</c>. Load it once, into a static field.</summary>
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    public static string Load(Type owner, string method)
    {
        var name = $"{owner.Namespace}.{owner.Name}.{method}.sql";
        using var stream = owner.Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"no embedded statement {name}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
