namespace Ledger.Database.Embedded;

/// <summary>The places where PostgreSQL is looked for.</summary>
/// <param name="Explicit">Folders that somebody named, and by what; only the first counts.</param>
/// <param name="Path">The value of PATH, for PostgreSQL and for npm.</param>
/// <param name="Patterns">Folders of distributions, each with at most one <c>*</c>, which stands for a version.</param>
/// <param name="Cache">The folder for downloads; a function because there may be none, which matters only for a download.</param>
internal sealed record SearchPlaces(
    IReadOnlyList<(string Folder, string ToldBy)> Explicit, string? Path, IReadOnlyList<string> Patterns, Func<string> Cache)
{
    private static readonly string[] Distributions =
    [
        "/usr/lib/postgresql/*/bin", // Debian, Ubuntu
        "/usr/pgsql-*/bin", // Fedora, RHEL from postgresql.org
        "/usr/lib/postgresql*/bin", // openSUSE
        "/usr/libexec/postgresql*", // Alpine
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
        "C:/Program Files/PostgreSQL/*/bin",
    ];

    public IEnumerable<string> Folders =>
        (Path ?? "")
            .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(Patterns.SelectMany(NewestFirst))
            .Distinct();

    public static SearchPlaces OfThisMachine(string? explicitDirectory, Func<string, string?> environment)
    {
        (string? Folder, string ToldBy)[] told =
            [(explicitDirectory, "The PostgreSQL folder given"), (environment("LEDGER_PG_BIN"), "LEDGER_PG_BIN")];
        return new SearchPlaces(
            [.. told.Where(t => !string.IsNullOrEmpty(t.Folder)).Select(t => (t.Folder!, t.ToldBy))],
            environment("PATH"), Distributions, DataFolder.Cache);
    }

    /// <summary>The folders that match, the highest version (a number, not a text: 15 after 9) first.</summary>
    internal static IEnumerable<string> NewestFirst(string pattern)
    {
        var parts = pattern.Split('/');
        var star = Array.FindIndex(parts, part => part.Contains('*'));
        if (star < 0) return [pattern];

        var parent = string.Join('/', parts[..star]) + "/";
        if (!Directory.Exists(parent)) return [];
        return Directory.EnumerateDirectories(parent, parts[star])
            .OrderByDescending(folder => VersionIn(System.IO.Path.GetFileName(folder)))
            .Select(folder => string.Join('/', [folder, .. parts[(star + 1)..]]));
    }

    private static double VersionIn(string name) =>
        double.TryParse(name.AsSpan(Math.Max(name.AsSpan().IndexOfAnyInRange('0', '9'), 0)), out var version) ? version : 0;
}
