using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ledger.Contracts.Transparency;

/// <summary>The purpose of a signed note's key (c2sp.org/signed-note): the byte before its public key.</summary>
public enum NoteKeyType : byte
{
    /// <summary>Ed25519 over the note's text: a log.</summary>
    Ed25519 = 0x01,

    /// <summary>A timestamped Ed25519 cosignature (c2sp.org/tlog-cosignature): a witness.</summary>
    Cosignature = 0x04,
}

/// <summary>A public key of signed notes, from its "vkey" <c>name+id+base64(type ‖ key)</c>. Two are equal if their vkeys are.</summary>
public sealed record NoteVerifier
{
    private readonly byte[] _publicKey;

    internal NoteVerifier(string name, NoteKeyType type, byte[] publicKey)
    {
        (Name, Type, _publicKey) = (name, type, publicKey);
        KeyId = IdOf(name, type, publicKey);
    }

    /// <summary>For a log, its origin. For a witness, a schema-less URL.</summary>
    public string Name { get; }

    public NoteKeyType Type { get; }

    /// <summary>The first four bytes of <c>SHA-256(name ‖ 0x0A ‖ type ‖ public key)</c>, big-endian.</summary>
    public uint KeyId { get; }

    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Reads a vkey of type 0x01 or 0x04.</summary>
    /// <exception cref="FormatException">The vkey is malformed. The message says what is wrong.</exception>
    public static NoteVerifier Parse(string vkey)
    {
        // Only the first two: base64 may contain '+'.
        if (vkey.Split('+', 3) is not [var name, var id, var data])
            throw new FormatException("a vkey is NAME+ID+BASE64");
        if (!IsName(name))
            throw new FormatException("a vkey's name is empty, or has a space or a control character, or over 255 characters");
        var (type, key) = KeyData(data, "a vkey");
        var verifier = new NoteVerifier(name, type, key);
        return verifier.IdText == id
            ? verifier
            : throw new FormatException(
                $"a vkey's id is {verifier.IdText} by its name and key, and not '{(id.Length > 16 ? id[..16] : id)}'");
    }

    /// <summary>
    /// True if a key can have the name: not empty, no '+', no Unicode space. Stricter than the specification, it also allows no control
    /// character and at most 255 characters.
    /// </summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && !name.Any(c => c == '+' || char.IsWhiteSpace(c) || char.IsControl(c)) && Base64.IsUnicode(name);

    /// <summary>The vkey.</summary>
    public override string ToString() => $"{Name}+{IdText}+{Convert.ToBase64String([(byte)Type, .. _publicKey])}";

    public bool Equals(NoteVerifier? other) => other is not null && ToString() == other.ToString();

    public override int GetHashCode() => HashCode.Combine(Name, KeyId);

    internal string IdText => KeyId.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>True if the signature, without its key id, is this key's over the note's text.</summary>
    internal bool Holds(string text, ReadOnlySpan<byte> signature) =>
        Type switch
        {
            NoteKeyType.Ed25519 => Ed25519.Verify(_publicKey, Encoding.UTF8.GetBytes(text), signature),
            _ => Cosignature.TryReadTime(signature, out var unixSeconds)
                && Ed25519.Verify(_publicKey, Cosignature.Message(unixSeconds, text), signature[8..]),
        };

    internal static (NoteKeyType Type, byte[] Key) KeyData(string base64, string what)
    {
        var data = Base64.Decode(base64);
        if (data.Length != 1 + Ed25519.KeySize || (NoteKeyType)data[0] is not (NoteKeyType.Ed25519 or NoteKeyType.Cosignature))
            throw new FormatException(
                $"{what} is not of a known type: 0x01 (Ed25519) or 0x04 (Ed25519 cosignature), and {Ed25519.KeySize} bytes");
        return ((NoteKeyType)data[0], data[1..]);
    }

    private static uint IdOf(string name, NoteKeyType type, byte[] publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(Sha256.Of([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)type, .. publicKey]));
}
