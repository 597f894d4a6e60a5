namespace Ledger.Contracts.Transparency;

/// <summary>A log that a policy accepts.</summary>
/// <param name="Key">Of type 0x01; its name is the log's origin.</param>
/// <param name="Url">As given; null: none was.</param>
public sealed record PolicyLog(NoteVerifier Key, string? Url);

/// <summary>A witness that a policy knows.</summary>
/// <param name="Name">What the policy calls it; it means nothing elsewhere.</param>
/// <param name="Key">Of type 0x04.</param>
/// <param name="Url">As given: the prefix of the witness's <c>add-checkpoint</c>; null: none was.</param>
public sealed record PolicyWitness(string Name, NoteVerifier Key, string? Url);

/// <summary>A number of witnesses or groups of them, of which so many must have cosigned.</summary>
/// <param name="Name">What the policy calls it.</param>
/// <param name="Needed">From 1 to the number of members.</param>
/// <param name="Members">Names defined before it, each a member of one group at most.</param>
public sealed record PolicyGroup(string Name, int Needed, IReadOnlyList<string> Members);

/// <summary>A cosignature that holds.</summary>
/// <param name="At">When the witness cosigned, by its own clock, in whole seconds.</param>
public sealed record Witnessed(PolicyWitness Witness, DateTimeOffset At);

/// <summary>What a policy says of a checkpoint.</summary>
/// <param name="Log">The listed log that signed it; null where the policy lists none, and the log must be known from elsewhere.</param>
/// <param name="Witnesses">The listed witnesses that cosigned it, in the policy's order.</param>
/// <param name="IsQuorumMet">Whether they are enough.</param>
public sealed record PolicyVerdict(PolicyLog? Log, IReadOnlyList<Witnessed> Witnesses, bool IsQuorumMet);

/// <summary>
/// Whose signatures make a checkpoint valid (c2sp.org/tlog-policy): any one listed log's, and the cosignatures of a quorum of witnesses.
/// </summary>
public sealed class Policy
{
    /// <summary>Logs, witnesses and groups, of each at most.</summary>
    public const int MaxOfEach = 64;

    /// <summary>Bytes of a policy file, at most.</summary>
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

    /// <summary>The name of a witness or a group; or <see cref="None"/>.</summary>
    public string Quorum { get; }

    /// <summary>Reads a policy file.</summary>
    /// <exception cref="FormatException">Says in which line what is wrong.</exception>
    public static Policy Parse(ReadOnlySpan<byte> file) => new PolicyParser().Parse(file);

    /// <summary>What the policy says of a signed checkpoint. Signatures of keys that it does not list are ignored.</summary>
    /// <exception cref="FormatException">It is no checkpoint.</exception>
    /// <exception cref="InvalidProofException">
    /// Logs are listed and none of them signed it; or a signature in the name of a listed key is not that key's.
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

    /// <summary>Whether these witnesses, by name, are a quorum.</summary>
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
