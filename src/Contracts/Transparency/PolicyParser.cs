namespace Ledger.Contracts.Transparency;

/// <summary>
/// Reads a policy file line by line. It is stricter than the draft in one thing. Names, keys and URLs must be UTF-8, because key names
/// are. Comments need not be UTF-8. Names are compared as they are written, byte for byte.
/// </summary>
internal sealed class PolicyParser
{
    private const string Forms =
        "a line is 'log VKEY [URL]', 'witness NAME VKEY [URL]', 'group NAME all|any|NUMBER MEMBER…', 'quorum NAME|none', a comment (#) "
        + "or empty";

    private readonly List<PolicyLog> _logs = [];
    private readonly List<PolicyWitness> _witnesses = [];
    private readonly List<PolicyGroup> _groups = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private string? _quorum;

    public Policy Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length > Policy.MaxBytes)
            throw new FormatException($"a policy has at most {Policy.MaxBytes:N0} bytes");
        var number = 0;
        while (!file.IsEmpty)
        {
            number++;
            var end = file.IndexOf((byte)'\n');
            try
            {
                // Cut short, 'quorum w12' would pass for another quorum.
                ReadLine(
                    end >= 0 ? file[..end] : throw new FormatException("the line does not end with a newline: the file may be cut short"));
            }
            catch (FormatException e)
            {
                throw new FormatException($"line {number}: {e.Message}", e);
            }
            file = file[(end + 1)..];
        }
        return new Policy(
            _logs,
            _witnesses,
            _groups,
            _quorum
                ?? throw new FormatException("the policy has no quorum line: 'quorum NAME', or 'quorum none' if no cosignature is needed")
        );
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        if (HasControl(line))
            throw new FormatException("a control character (a carriage return?): only tabs, spaces and newlines are allowed");
        var trimmed = line.Trim(" \t"u8);
        if (trimmed.IsEmpty || trimmed[0] == '#')
            return;
        string[] words = [.. Base64.Utf8(trimmed).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        switch (words)
        {
            case ["log", var vkey, .. { Length: <= 1 } url]:
                AddLog(vkey, url.FirstOrDefault());
                break;
            case ["witness", var name, var vkey, .. { Length: <= 1 } url]:
                AddWitness(name, vkey, url.FirstOrDefault());
                break;
            case ["group", var name, var needed, .. { Length: > 0 } members]:
                AddGroup(name, needed, members);
                break;
            case ["quorum", var name]:
                SetQuorum(name);
                break;
            default:
                throw new FormatException(Forms);
        }
    }

    private static bool HasControl(ReadOnlySpan<byte> line)
    {
        foreach (var octet in line)
        {
            if (octet is < 0x20 and not (byte)'\t' or 0x7f)
                return true;
        }
        return false;
    }

    private void AddLog(string vkey, string? url)
    {
        var key = Key(vkey, NoteKeyType.Ed25519, "log", _logs.Select(log => log.Key));
        _logs.Add(new PolicyLog(key, url));
    }

    private void AddWitness(string name, string vkey, string? url)
    {
        var key = Key(vkey, NoteKeyType.Cosignature, "witness", _witnesses.Select(witness => witness.Key));
        Define(name);
        _witnesses.Add(new PolicyWitness(name, key, url));
    }

    private void AddGroup(string name, string needed, string[] members)
    {
        if (_groups.Count == Policy.MaxOfEach)
            throw new FormatException($"at most {Policy.MaxOfEach} groups");
        foreach (var member in members)
        {
            RefuseUnknown(member);
            if (!_members.Add(member))
                throw new FormatException($"'{member}' is a member already: each name at most once, of one group");
        }
        var threshold = needed switch
        {
            "all" => members.Length,
            "any" => 1,
            _ => Checkpoint.ParseNumber(needed, "what a group needs is 'all', 'any' or a number that"),
        };
        if (threshold < 1 || threshold > members.Length)
            throw new FormatException($"a group of {members.Length} needs 1 to {members.Length} of them, and not {threshold}");
        Define(name);
        _groups.Add(new PolicyGroup(name, (int)threshold, members));
    }

    private void SetQuorum(string name)
    {
        if (_quorum is not null)
            throw new FormatException("a second quorum line: there must be exactly one");
        if (name != Policy.None)
            RefuseUnknown(name);
        _quorum = name;
    }

    private static NoteVerifier Key(string vkey, NoteKeyType type, string what, IEnumerable<NoteVerifier> known)
    {
        var key = NoteVerifier.Parse(vkey);
        if (key.Type != type)
            throw new FormatException($"the key of a {what} is of type 0x{(byte)type:x2}, and this one of 0x{(byte)key.Type:x2}");
        var count = 0;
        foreach (var other in known)
        {
            count++;
            // By the public key alone: under two names one holder of a key would count twice.
            if (other.PublicKey.SequenceEqual(key.PublicKey))
                throw new FormatException($"a second {what} with the public key of {other.Name}");
        }
        return count < Policy.MaxOfEach ? key : throw new FormatException($"at most {Policy.MaxOfEach} lines '{what}'");
    }

    private void Define(string name)
    {
        if (name == Policy.None)
            throw new FormatException("'none' is the quorum that needs no cosignature, and no other name");
        if (!_names.Add(name))
            throw new FormatException($"'{name}' is defined already: witnesses and groups share their names");
    }

    private void RefuseUnknown(string name)
    {
        if (!_names.Contains(name))
            throw new FormatException($"'{name}' is neither a witness nor a group of a line before this one");
    }
}
