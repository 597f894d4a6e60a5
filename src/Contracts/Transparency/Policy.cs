namespace Ledger.Contracts.Transparency;

/// <summary>A log that a policy accepts.</summary>
/// <param name="Key">The log's key, of type 0x01. Its name is the log's origin.</param>
/// <param name="Url">The URL as given, or null if none was.</param>
public sealed record PolicyLog(NoteVerifier Key, string? Url);

/// <summary>A witness that a policy knows.</summary>
/// <param name="Name">The witness's name in the policy. It means nothing elsewhere.</param>
/// <param name="Key">The witness's key, of type 0x04.</param>
/// <param name="Url">The prefix of the witness's <c>add-checkpoint</c>, as given, or null if none was.</param>
public sealed record PolicyWitness(string Name, NoteVerifier Key, string? Url);

/// <summary>A group of witnesses or of other groups, of which a given number must have cosigned.</summary>
/// <param name="Name">The group's name in the policy.</param>
/// <param name="Needed">Number of members that are needed, from 1 to all.</param>
/// <param name="Members">Names defined before the group. Each is a member of at most one group.</param>
public sealed record PolicyGroup(string Name, int Needed, IReadOnlyList<string> Members);

/// <summary>A cosignature that holds.</summary>
/// <param name="At">The instant at which the witness cosigned, by its own clock, in whole seconds.</param>
public sealed record Witnessed(PolicyWitness Witness, DateTimeOffset At);

/// <summary>A policy's verdict on a checkpoint.</summary>
/// <param name="Log">The listed log that signed it. Null if the policy lists none. Then the log must be known from elsewhere.</param>
/// <param name="Witnesses">The listed witnesses that cosigned it, in the policy's order.</param>
/// <param name="IsQuorumMet">True if these witnesses are a quorum.</param>
public sealed record PolicyVerdict(PolicyLog? Log, IReadOnlyList<Witnessed> Witnesses, bool IsQuorumMet);

/// <summary>
/// The signatures that make a checkpoint valid (c2sp.org/tlog-policy): that of any one listed log, and the cosignatures of a quorum of
/// witnesses.
/// </summary>
public sealed class Policy
{
    /// <summary>Maximum number of logs, of witnesses and of groups.</summary>
    public const int MaxOfEach = 64;

    /// <summary>Maximum size of a policy file, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>The quorum that needs no cosignature.</summary>
    public const string None = "none";

    private readonly IReadOnlyDictionary<string, PolicyGroup> _groups;

    internal Policy(IReadOnlyList<PolicyLog> logs, IReadOnlyList<PolicyWitness> witnesses, IReadOnlyList<PolicyGroup> groups, string quorum)
    {
        (Logs, Witnesses, Groups, Quorum) = (logs, witnesses, groups, quorum);
        _groups = groups.ToDictionary(group => group.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<PolicyLog> Logs { get; }
    public IReadOnlyList<PolicyWitness> Witnesses { get; }
    public IReadOnlyList<PolicyGroup> Groups { get; }

    /// <summary>The name of a witness or a group, or <see cref="None"/>.</summary>
    public string Quorum { get; }

    /// <summary>Reads a policy file.</summary>
    /// <exception cref="FormatException">The file is malformed. The message names the line and says what is wrong.</exception>
    public static Policy Parse(ReadOnlySpan<byte> file) => new PolicyParser().Parse(file);

    /// <summary>Applies the policy to a signed checkpoint. Signatures of keys that it does not list are ignored.</summary>
    /// <exception cref="FormatException">The note is not a checkpoint.</exception>
    /// <exception cref="InvalidProofException">
    /// Logs are listed and none of them signed it, or a signature in the name of a listed key is not that key's.
    /// </exception>
    public PolicyVerdict Evaluate(SignedNote note)
    {
        var origin = Checkpoint.Parse(note.Text).Origin;
        var signers = note.SignedBy(Logs.Select(log => log.Key).Where(key => key.Name == origin));
        var log = Logs.FirstOrDefault(log => signers.ContainsKey(log.Key));
        if (log is null && Logs.Count > 0)
            throw new InvalidProofException(
                $"the checkpoint of '{origin}' is not signed by a log of the policy: {string.Join(", ", Logs.Select(listed => listed.Key))}"
            );
        var cosigners = note.SignedBy(Witnesses.Select(witness => witness.Key));
        Witnessed[] witnessed =
        [
            .. Witnesses
                .Where(witness => cosigners.ContainsKey(witness.Key))
                .Select(witness => new Witnessed(witness, Cosignature.At(cosigners[witness.Key]))),
        ];
        return new PolicyVerdict(log, witnessed, IsQuorum(witnessed.Select(one => one.Witness.Name).ToHashSet(StringComparer.Ordinal)));
    }

    /// <summary>True if these witnesses, by name, are a quorum.</summary>
    public bool IsQuorum(IReadOnlySet<string> witnesses) => Quorum == None || IsMet(Quorum, witnesses);

    /// <summary>The quorum in words: <c>2 of (w1, w2, all of (w3, w4))</c>.</summary>
    public string DescribeQuorum() => Quorum == None ? "no cosignature" : Describe(Quorum);

    // Members are defined before their group and belong to one group at most: this ends.
    private bool IsMet(string name, IReadOnlySet<string> witnesses) =>
        _groups.TryGetValue(name, out var group)
            ? group.Members.Count(member => IsMet(member, witnesses)) >= group.Needed
            : witnesses.Contains(name);

    private string Describe(string name)
    {
        if (!_groups.TryGetValue(name, out var group))
            return name;
        var needed = group.Needed == group.Members.Count ? "all" : FormattableString.Invariant($"{group.Needed}");
        return $"{needed} of ({string.Join(", ", group.Members.Select(Describe))})";
    }
}
