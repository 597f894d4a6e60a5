using System.Buffers.Binary;
using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>A private key of signed notes.</summary>
public sealed class NoteSigner
{
    private const string Prefix = "PRIVATE+KEY+";
    private readonly byte[] _seed;

    /// <param name="name">See <see cref="NoteVerifier.IsName"/>.</param>
    /// <param name="type">The purpose of the key.</param>
    /// <param name="seed">32 random bytes.</param>
    public NoteSigner(string name, NoteKeyType type, byte[] seed)
    {
        if (!NoteVerifier.IsName(name))
            throw new FormatException(
                $"'{name}' cannot be a key's name: it must not be empty nor contain '+', a space or a control character, and has at most "
                + "255 characters"
            );
        _seed = seed;
        Verifier = new NoteVerifier(name, type, Ed25519.PublicKey(seed));
    }

    public NoteVerifier Verifier { get; }

    /// <summary>Reads Go's private form: <c>PRIVATE+KEY+name+id+base64(type ‖ seed)</c>.</summary>
    /// <exception cref="FormatException">The key is malformed. The message says what is wrong and never quotes the key.</exception>
    public static NoteSigner Parse(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || text[Prefix.Length..].Split('+', 3) is not [var name, var id, var data]
            || !NoteVerifier.IsName(name))
            throw new FormatException("a private key is PRIVATE+KEY+NAME+ID+BASE64");
        var (type, seed) = NoteVerifier.KeyData(data, "a private key");
        var signer = new NoteSigner(name, type, seed);
        return signer.Verifier.IdText == id ? signer : throw new FormatException("a private key's id does not belong to its name and key");
    }

    /// <summary>The form that <see cref="Parse"/> reads. Secret.</summary>
    public string PrivateKeyText() =>
        $"{Prefix}{Verifier.Name}+{Verifier.IdText}+{Convert.ToBase64String([(byte)Verifier.Type, .. _seed])}";

    /// <summary>A log's signature of a note's text.</summary>
    public NoteSignature Sign(string text)
    {
        Expect(NoteKeyType.Ed25519);
        return new NoteSignature(Verifier.Name, Verifier.KeyId, Ed25519.Sign(_seed, Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>
    /// A witness's cosignature of a checkpoint's text. It says that the witness saw the checkpoint at an instant, and that it was
    /// consistent with all before.
    /// </summary>
    /// <param name="unixSeconds">Seconds since 1970-01-01T00:00:00Z, by the witness's clock.</param>
    public NoteSignature Cosign(string text, long unixSeconds)
    {
        Expect(NoteKeyType.Cosignature);
        var bytes = new byte[8 + Ed25519.SignatureSize];
        BinaryPrimitives.WriteInt64BigEndian(bytes, unixSeconds);
        Ed25519.Sign(_seed, Cosignature.Message(unixSeconds, text)).CopyTo(bytes, 8);
        return new NoteSignature(Verifier.Name, Verifier.KeyId, bytes);
    }

    /// <summary>The name alone, because the key is secret.</summary>
    public override string ToString() => Verifier.Name;

    private void Expect(NoteKeyType type)
    {
        if (Verifier.Type != type)
            throw new InvalidOperationException($"the key of {Verifier.Name} is not for this: its type is {Verifier.Type}");
    }
}
