namespace Ledger.Database.Embedded;

/// <summary>The default folders of a node for its data and its downloads.</summary>
public static class DataFolder
{
    private const string Name = "deletion-ledger";

    private static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>
    /// The per-user data folder: <c>$XDG_DATA_HOME/deletion-ledger</c> or <c>~/.local/share/deletion-ledger</c>; as root
    /// <c>/var/lib/deletion-ledger</c>.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">There is neither root, nor XDG_DATA_HOME, nor a home folder.</exception>
    public static string Default() => Of(IsRoot, "/var/lib", "XDG_DATA_HOME", ".local/share");

    /// <summary>
    /// The per-user folder for downloads: <c>$XDG_CACHE_HOME</c> or <c>~/.cache</c>, as root <c>/var/cache</c>, and
    /// <c>/deletion-ledger</c>.
    /// </summary>
    internal static string Cache() => Of(IsRoot, "/var/cache", "XDG_CACHE_HOME", ".cache");

    private static string Of(bool root, string system, string variable, string underHome) =>
        // GetFolderPath falls back to the user database, so that an environment without HOME does.
        For(
            root, system, Environment.GetEnvironmentVariable(variable), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
            underHome)
        ?? throw new EmbeddedPostgresException(
            $"No place for data: this user has no home folder. Set {variable} or HOME, or name a data folder (--data DIR).");

    /// <summary>Null when there is no place. A relative XDG folder is ignored, as the XDG base directory specification wants.</summary>
    internal static string? For(bool root, string system, string? xdg, string home, string underHome) =>
        root ? Path.Combine(system, Name)
        : Path.IsPathFullyQualified(xdg ?? "") ? Path.Combine(xdg!, Name)
        : home.Length > 0 ? Path.Combine(home, underHome, Name)
        : null;
}
