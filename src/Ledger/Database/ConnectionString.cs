using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>Keeps, completes or refuses the settings of a connection string. Nothing that it asks for is overruled silently.</summary>
internal static class ConnectionString
{
    /// <summary>The fewest connections of a pool on which nothing waits for itself.</summary>
    private const int SmallestPool = 3;

    /// <summary>The connection string of a kind of work.</summary>
    /// <exception cref="UnfitDatabaseException">It cannot be read, or asks for what cannot be kept.</exception>
    public static NpgsqlConnectionStringBuilder For(string given, SessionKind kind)
    {
        var settings = Read(given);
        if (Problem(settings) is { } problem)
            throw new UnfitDatabaseException(problem);
        settings.Pooling &= kind.IsPooled;
        settings.MaxPoolSize = PoolSize(settings, kind);
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, settings.MaxPoolSize);
        // Nothing here leaves anything behind in a session, the reset costs a third of a small commit, and it would undo what the session
        // was told.
        settings.NoResetOnClose = true;
        Default(settings, "Application Name", kind.Name);
        Default(settings, "Timeout", kind.ConnectSeconds);
        Default(settings, "Max Auto Prepare", kind.MaxAutoPrepare);
        Default(settings, "Auto Prepare Min Usages", kind.AutoPrepareMinUsages);
        if (!kind.TakesCommandTimeout || !IsGiven(settings, "Command Timeout"))
            settings.CommandTimeout = kind.CommandSeconds;
        if (kind.KeepAliveSeconds > 0)
            Default(settings, "Keepalive", kind.KeepAliveSeconds);
        if (kind.WatchesPeer)
            WatchPeer(settings);
        settings.TargetSessionAttributes = settings.Host!.Contains(',', StringComparison.Ordinal)
            ? settings.TargetSessionAttributes ?? "primary"
            : null;
        return settings;
    }

    /// <summary>The number of connections in the pool of a kind of work.</summary>
    public static int PoolSize(string given, SessionKind kind) => PoolSize(Read(given), kind);

    private static int PoolSize(NpgsqlConnectionStringBuilder settings, SessionKind kind) =>
        !IsGiven(settings, "Maximum Pool Size") ? kind.PoolSize
        : kind.IsPoolBounded ? Math.Min(settings.MaxPoolSize, kind.PoolSize)
        : settings.MaxPoolSize;

    private static NpgsqlConnectionStringBuilder Read(string given)
    {
        try
        {
            if (new NpgsqlConnectionStringBuilder(given) is { Host: { Length: > 0 } } settings)
                return settings;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            // Told below. What is wrong is not quoted: it may be the password.
        }
        throw new UnfitDatabaseException(
            "the connection string cannot be read: it must be like "
            + "Host=db.example;Port=5432;Database=ledger;Username=ledger_service;Password=…");
    }

    private static string? Problem(NpgsqlConnectionStringBuilder settings) => settings switch
    {
        { IncludeErrorDetail: true } => Refused("Include Error Detail", "errors would quote conversation ids"),
        { LogParameters: true } => Refused("Log Parameters", "the log would hold conversation ids"),
        { Multiplexing: true } => Refused("Multiplexing", "locks and settings belong to a session, which it shares out"),
        { NoResetOnClose: false } when IsGiven(settings, "No Reset On Close") =>
            Refused("No Reset On Close", "a reset would undo the settings that a session needs"),
        _ when !IsUtf8(settings.ClientEncoding) => Refused("Client Encoding", "ids and events are UTF8"),
        _ when !IsUtf8(settings.Encoding) => Refused("Encoding", "ids and events are UTF8"),
        _ when settings.TargetSessionAttributes?.ToLowerInvariant() is not (null or "any" or "primary" or "read-write") =>
            Refused("Target Session Attributes", "the ledger needs the primary: `primary` and `read-write` can be asked for"),
        _ when IsGiven(settings, "Maximum Pool Size") && settings.MaxPoolSize < SmallestPool =>
            $"Maximum Pool Size in the connection string is {settings.MaxPoolSize}, and "
            + $"work would wait for itself: ask for at least {SmallestPool}",
        _ when IsGiven(settings, "Maximum Pool Size") && settings.MinPoolSize > settings.MaxPoolSize =>
            "Minimum Pool Size in the connection string is more than its Maximum Pool Size: ask for less",
        _ => null,
    };

    private static string Refused(string keyword, string why) =>
        $"{keyword} in the connection string cannot be as it is, because {why}: leave it out";

    private static bool IsUtf8(string? encoding) =>
        encoding is null || encoding.Replace("-", "", StringComparison.Ordinal).Equals("UTF8", StringComparison.OrdinalIgnoreCase);

    private static void WatchPeer(NpgsqlConnectionStringBuilder settings)
    {
        Default(settings, "TCP Keepalive", true);
        if (!settings.TcpKeepAlive)
            return;
        Default(settings, "TCP Keepalive Time", 5);
        Default(settings, "TCP Keepalive Interval", 2);
    }

    private static void Default(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!IsGiven(settings, keyword))
            settings[keyword] = value;
    }

    /// <summary>Npgsql's own <c>ContainsKey</c> says whether it knows a keyword, and not whether it was given.</summary>
    private static bool IsGiven(NpgsqlConnectionStringBuilder settings, string keyword) => settings.ShouldSerialize(keyword);
}
