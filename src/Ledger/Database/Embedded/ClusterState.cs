using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ledger.Database.Embedded;

/// <summary>The content of cluster.json: the port that the server listens on and the superuser's password.</summary>
internal sealed record ClusterState(int Port, string Password)
{
    public const string Superuser = "postgres";

    private const int PasswordBytes = 24;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Without the password.</summary>
    public override string ToString() => nameof(ClusterState);

    public static ClusterState New() =>
        new(LoopbackPort.Free(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes)));

    /// <summary>Null when the file does not exist.</summary>
    public static ClusterState? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var read = JsonSerializer.Deserialize<ClusterState>(File.ReadAllText(path), Json);
            return read is { Port: > 0 and <= ushort.MaxValue, Password.Length: > 0 } state
                ? state
                : throw new JsonException("port or password is missing");
        }
        catch (JsonException e)
        {
            throw new EmbeddedPostgresException($"{path} cannot be read ({e.Message}). Restore it, or delete its folder to begin anew.", e);
        }
    }

    /// <summary>A crash in here leaves the old file, or none, and perhaps a <c>.new</c> that the next write replaces.</summary>
    public void Write(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path + ".new");
        using (var file = new FileStream(path + ".new", options))
        {
            JsonSerializer.Serialize(file, this, Json);
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>
    /// The password of a role: 64 hex digits, the same for ever. Derived from the superuser's, so that two processes that need it first
    /// agree without a lock, and so that nothing but the superuser's own is stored.
    /// </summary>
    public string PasswordOf(string role) =>
        role == Superuser
            ? Password
            : Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Password), Encoding.UTF8.GetBytes("role " + role)));
}
