using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks that a request is one, and that the list which the job resolved is of that request.</summary>
/// <param name="broken">Is told of each broken rule.</param>
internal sealed class RequestCheck(Action<BrokenRule> broken)
{
    public void Submit(Submitted request)
    {
        var isCId = request.RequestType == RequestType.CId;
        var distinct = request.Commitments.Select(Convert.ToBase64String).Distinct(StringComparer.Ordinal).Count();
        if (isCId ? request.To is null || request.From > request.To : request.From is not null || request.To is not null)
            Break("the request's range is none: one by cId has an end, and one by conversation ids has no range");
        var isAsked = isCId ? distinct == 1 : distinct is >= 1 and <= Limits.ConversationIdsPerRequest;
        if (distinct != request.Commitments.Count || !isAsked)
            Break($"the request does not commit to one cId, or to 1 to {Limits.ConversationIdsPerRequest} different conversation ids");
    }

    public void Start(Submitted request, Started list)
    {
        var isByIds = request.RequestType == RequestType.ConversationIds;
        // A range that was asked for is the range that the list was resolved in; where no beginning was asked for, the default that was
        // applied is named.
        if (isByIds ? list.From is not null : list.From is null || (request.From is not null && request.From != list.From))
            Break("the list was resolved in another range than the one that was requested");
        if (isByIds && !IsRequested(list, request.Commitments))
            Break("the list of conversations is not the one that was requested");
    }

    /// <summary>True if the list is exactly the conversations that were asked for by id, in the same order.</summary>
    private static bool IsRequested(Started list, IReadOnlyList<byte[]> commitments)
    {
        var root = new MerkleRoot();
        foreach (var commitment in commitments)
            root.AddLeaf(MerkleTree.LeafHash(commitment));
        return root.Size == list.Conversations && root.Root().AsSpan().SequenceEqual(list.ManifestRoot);
    }

    private void Break(string sentence) => broken(new BrokenRule(sentence));
}
