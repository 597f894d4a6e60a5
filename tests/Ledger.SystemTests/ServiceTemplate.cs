using System.Security.Cryptography;

namespace Ledger.SystemTests;

/// <summary>
/// What services of tests begin with, made once a run: a database that nobody may connect to any more, and its key folder. Each test gets a
/// copy of both.
/// </summary>
public sealed class ServiceTemplate
{
    private static readonly Lazy<Task<ServiceTemplate>> s_onTheTrueClock = new(() => TestService.RegisteredAsync(new TestServiceOptions()));

    private static readonly Lazy<Task<ServiceTemplate>> s_onAClockOfItsOwn =
        new(() => TestService.RegisteredAsync(new TestServiceOptions { OwnClock = true }));

    private readonly string _database;
    private readonly string _keys;

    /// <param name="database">The database's name.</param>
    /// <param name="keys">Its key folder.</param>
    /// <param name="bot">Its bot.</param>
    /// <param name="secret">Of its client.</param>
    public ServiceTemplate(string database, string keys, string bot, byte[] secret)
    {
        (_database, _keys, Bot, Secret) = (database, keys, bot, secret);
        TestDatabase.AtEnd(() => Directory.Delete(keys, recursive: true));
    }

    /// <summary>The bot that is in it.</summary>
    public string Bot { get; }

    /// <summary>Of <see cref="TestService.ClientId"/>, which may do everything with the bot.</summary>
    public byte[] Secret { get; }

    /// <summary>With one bot in an always open window, and one client.</summary>
    public static Task<ServiceTemplate> OneBotAsync(bool ownClock) => (ownClock ? s_onAClockOfItsOwn : s_onTheTrueClock).Value;

    /// <summary>A path for a key folder that is not there yet.</summary>
    public static string NewKeyFolder() =>
        Path.Combine(Path.GetTempPath(), $"ledger-test-keys-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");

    /// <summary>A copy of both: the database, and the path of the key folder.</summary>
    public async Task<(TestDatabase Database, string Keys)> CopyAsync()
    {
        var keys = NewKeyFolder();
        CopyKeys(_keys, keys);
        return (await TestDatabase.CopyAsync(_database), keys);
    }

    /// <summary>With its mode.</summary>
    internal static void CopyKeys(string from, string to)
    {
        Directory.CreateDirectory(to);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, File.GetUnixFileMode(from));
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
