using System.Security.Cryptography;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log.Cosigning;
using Ledger.Machine;

namespace Ledger.Witnessing;

/// <summary>A witness's private key: one line, Go's private form with the type 0x04, readable by its user alone.</summary>
public static class WitnessKeyFile
{
    /// <summary>Makes a fresh key in a file that does not exist yet.</summary>
    /// <param name="name">The witness's name, a schema-less URL: see <see cref="NoteVerifier.IsName"/>.</param>
    /// <exception cref="WitnessException">The name is not allowed, or the file exists.</exception>
    public static NoteVerifier Create(string name, string file)
    {
        if (!NoteVerifier.IsName(name))
            throw new WitnessException(
                "a witness's name is like witness.example/w1: without spaces, control characters and '+', 1 to 255 characters");
        if (File.Exists(file))
            throw new WitnessException($"'{file}' exists: a key is never overwritten. Choose another file");
        var key = new NoteSigner(name, NoteKeyType.Cosignature, RandomNumberGenerator.GetBytes(Ed25519.KeySize));
        KeyFiles.Create(file, key.PrivateKeyText());
        return key.Verifier;
    }

    /// <exception cref="WitnessException">The file is not a witness's key, or others can read it.</exception>
    public static NoteSigner Read(string file)
    {
        if (!File.Exists(file))
            throw new WitnessException($"there is no key in '{file}': make one with `ledger witness key NAME --out {ShellWord.Of(file)}`");
        var line = KeyFiles.Read(file, "they can cosign in this witness's name: make a new key", problem => new WitnessException(problem));
        try
        {
            var key = NoteSigner.Parse(line);
            return key.Verifier.Type == NoteKeyType.Cosignature
                ? key
                : throw new FormatException("its type is 0x01, a log's, and not 0x04");
        }
        catch (FormatException e)
        {
            throw new WitnessException($"'{file}' is not a witness's key: {e.Message}", e);
        }
    }
}
