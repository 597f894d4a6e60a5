using System.Buffers.Binary;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>
/// Checks that an attempt has exactly one outcome for each of its conversations. The first pass names the ordinals from 0 on without a
/// gap. Each retry names exactly the conversations that failed in the attempt before. The check compares roots, so its memory is bounded.
/// </summary>
/// <param name="broken">Called for each broken rule. If it returns, the check goes on.</param>
internal sealed class AttemptCheck(Action<BrokenRule> broken)
{
    private MerkleRoot _failing = new(), _met = new();
    private byte[] _owedRoot = [];
    private long _last = -1;

    /// <summary>Conversations identified; null before the list is resolved.</summary>
    public long? Conversations { get; private set; }

    /// <summary>Ordinals below this have an outcome.</summary>
    public long Cursor { get; private set; }

    /// <summary>The commitments of the outcomes of the first pass; behind them, at last, the manifest's rest.</summary>
    public MerkleRoot Manifest { get; } = new();

    /// <summary>Outcomes that a retry still owes.</summary>
    public long Owed { get; private set; }

    /// <summary>Conversations whose latest outcome is a failure.</summary>
    public long Failed => _failing.Size + Owed;

    public bool IsFirstPass => Cursor < Conversations;

    /// <summary>Every identified conversation has its outcome of this attempt.</summary>
    public bool IsDone => Conversations is not null && !IsFirstPass && Owed == 0;

    /// <summary>Nothing was tried in this attempt yet.</summary>
    public bool IsUntouched => !IsFirstPass && _met.Size == 0;

    public void Begin(long conversations) => Conversations = conversations;

    public void Retry()
    {
        (Owed, _owedRoot) = (_failing.Size, _failing.Root());
        (_failing, _met, _last) = (new MerkleRoot(), new MerkleRoot(), -1);
    }

    /// <returns>False if the attempt has no place for the outcome. The outcome is then left out.</returns>
    public bool Add(long ordinal, byte[] commitment, bool isFailed)
    {
        if (Conversations is null)
            return Refuse("a conversation has an outcome before the list was resolved");
        var isTaken = IsFirstPass ? AddFirst(ordinal, commitment) : AddRetried(ordinal, commitment);
        if (isTaken && isFailed)
            _failing.AddLeaf(Leaf(ordinal, commitment));
        return isTaken;
    }

    private bool AddFirst(long ordinal, byte[] commitment)
    {
        if (ordinal != Cursor)
            return Refuse($"the outcome of conversation {Cursor} is missing: {ordinal} comes in its place");
        Manifest.AddLeaf(MerkleTree.LeafHash(commitment));
        Cursor++;
        return true;
    }

    private bool AddRetried(long ordinal, byte[] commitment)
    {
        if (Owed == 0)
            return Refuse($"conversation {ordinal} has more than one outcome in one attempt, or is not on the list");
        if (ordinal <= _last)
            return Refuse($"conversation {ordinal} has more than one outcome in one attempt, or they are out of order");
        _last = ordinal;
        _met.AddLeaf(Leaf(ordinal, commitment));
        Owed--;
        if (Owed == 0 && !_met.Root().AsSpan().SequenceEqual(_owedRoot))
            broken(new BrokenRule("a retry has outcomes of other conversations than those that failed in the attempt before"));
        return true;
    }

    private bool Refuse(string sentence)
    {
        broken(new BrokenRule(sentence));
        return false;
    }

    private static byte[] Leaf(long ordinal, byte[] commitment)
    {
        Span<byte> leaf = stackalloc byte[8 + MerkleTree.HashSize];
        BinaryPrimitives.WriteInt64BigEndian(leaf, ordinal);
        commitment.CopyTo(leaf[8..]);
        return MerkleTree.LeafHash(leaf);
    }
}
