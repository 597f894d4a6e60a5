using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Transparency;

namespace Ledger.Transparency.Witnessing;

/// <summary>A witness's private key: one line, Go's private form with the type 0x04, readable by its user alone.</summary>
public static class WitnessKeyFile
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a fresh key in a file that does not exist yet.</summary>
    /// <param name="name">The witness's name, a schema-less URL: see <see cref="NoteVerifier.IsName"/>.</param>
    /// <exception cref="WitnessException">The name cannot be one, or the file exists.</exception>
    public static NoteVerifier Create(string name, string file)
    {
        if (!NoteVerifier.IsName(name))
            throw new WitnessException("a witness's name is like witness.example/w1: without spaces, control characters and '+', 1 to 255 characters");
        if (File.Exists(file))
            throw new WitnessException($"'{file}' exists: a key is never overwritten. Choose another file");
        var key = new NoteSigner(name, NoteKeyType.Cosignature, RandomNumberGenerator.GetBytes(Ed25519.KeySize));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnersAlone;
        using var stream = new FileStream(file, options);
        stream.Write(Encoding.UTF8.GetBytes(key.PrivateKeyText() + "\n"));
        stream.Flush(flushToDisk: true);
        return key.Verifier;
    }

    /// <exception cref="WitnessException">It is no witness's key, or others can read it.</exception>
    public static NoteSigner Read(string file)
    {
        if (!File.Exists(file))
            throw new WitnessException($"there is no key in '{file}': make one with `ledger witness key NAME --out {file}`");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~OwnersAlone) != UnixFileMode.None)
            throw new WitnessException($"'{file}' can be read by others: `chmod 600 {file}` (and if others had access, they can cosign in this witness's name: make a new key)");
        try
        {
            var key = NoteSigner.Parse(File.ReadAllText(file).TrimEnd());
            return key.Verifier.Type == NoteKeyType.Cosignature ? key : throw new FormatException("its type is 0x01, a log's, and not 0x04");
        }
        catch (FormatException e)
        {
            throw new WitnessException($"'{file}' is not a witness's key: {e.Message}", e);
        }
    }
}
