using System.Security.Cryptography;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Jobs;
using Ledger.Keys;

namespace Ledger.Tests.Keys;

public sealed class ManifestTests
{
    private static readonly JobKey s_key = new(JobId.FromRandomness(new byte[32]), new byte[32]);

    [Fact]
    public void A_row_opens_as_it_was_sealed_with_ids_of_every_length_and_script()
    {
        ManifestEntry[] entries =
        [
            new("a", null, 1), new("юзер-😀", SkipReason.Retention, long.MaxValue), new(new string('€', 128), SkipReason.NotFound, 0),
            new("x", SkipReason.AlreadyErased, 0), new("y", SkipReason.LegalHold, 256), new("z", SkipReason.Cancelled, 65_536),
        ];
        Assert.Equal(entries, Manifest.Unseal(s_key, 3, Manifest.Seal(s_key, 3, entries)));
        Assert.ThrowsAny<CryptographicException>(() => Manifest.Unseal(s_key, 4, Manifest.Seal(s_key, 3, entries)));
    }

    [Fact]
    public void A_full_row_of_the_longest_ids_opens_again()
    {
        var entries = Enumerable
            .Range(0, Manifest.RowSize)
            .Select(i => new ManifestEntry(new string((char)(0x4E00 + i), 128), null, i))
            .ToArray();
        Assert.Equal(entries, Manifest.Unseal(s_key, 0, Manifest.Seal(s_key, 0, entries)));
    }

    [Fact]
    public void A_rows_subtree_is_the_tree_of_its_commitments()
    {
        var entries = Enumerable.Range(0, 5).Select(i => new ManifestEntry($"c-{i}", null, i)).ToArray();
        var root = new MerkleRoot();
        foreach (var entry in entries)
            root.AddLeaf(MerkleTree.LeafHash(s_key.Commit(IdentifierKind.Conversation, entry.ConversationId)));
        Assert.Equal(root.Root(), Manifest.SubtreeRoot(s_key, entries));
        Assert.NotEqual(root.Root(), Manifest.SubtreeRoot(s_key, [.. entries.Reverse()]));
    }

    [Fact]
    public void Outcome_codes_are_stored_and_never_change()
    {
        Assert.Equal((0, 1), (OutcomeCode.Pending, OutcomeCode.Deleted));
        Assert.Equal([0x11, 0x12, 0x13, 0x14, 0x15], Enum.GetValues<SkipReason>().Select(OutcomeCode.Skipped));
        Assert.Equal([0x21, 0x22, 0x23, 0x24, 0x25], Enum.GetValues<FailureReason>().Select(OutcomeCode.Failed));
        Assert.All(
            Enum.GetValues<SkipReason>(),
            reason =>
                Assert.Equal(
                    (reason, null, false, false),
                    (
                        OutcomeCode.SkipReasonOf(OutcomeCode.Skipped(reason)), OutcomeCode.FailureReasonOf(OutcomeCode.Skipped(reason)),
                        OutcomeCode.IsFailed(OutcomeCode.Skipped(reason)), OutcomeCode.IsOpen(OutcomeCode.Skipped(reason)))
                )
        );
        Assert.All(
            Enum.GetValues<FailureReason>(),
            reason =>
                Assert.Equal(
                    (null, reason, true, true),
                    (
                        OutcomeCode.SkipReasonOf(OutcomeCode.Failed(reason)), OutcomeCode.FailureReasonOf(OutcomeCode.Failed(reason)),
                        OutcomeCode.IsFailed(OutcomeCode.Failed(reason)), OutcomeCode.IsOpen(OutcomeCode.Failed(reason)))
                )
        );
        Assert.True(OutcomeCode.IsOpen(OutcomeCode.Pending));
        Assert.False(OutcomeCode.IsOpen(OutcomeCode.Deleted));
    }

    [Fact]
    public void A_sealed_request_reads_back_and_shows_no_id_as_text()
    {
        var ids = new DeletionRequest.ByConversationIds(["юзер", "b"]);
        var read = (DeletionRequest.ByConversationIds)SealedRequest.Read(SealedRequest.Write(ids));
        Assert.Equal(ids.ConversationIds, read.ConversationIds);
        var at = new DateTimeOffset(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);
        foreach (var user in new[] { new DeletionRequest.ByChannelUser("юзер", at, at), new DeletionRequest.ByChannelUser("u", null, at) })
            Assert.Equal(user, SealedRequest.Read(SealedRequest.Write(user)));
        Assert.Throws<InvalidOperationException>(() => SealedRequest.Read("{}"u8.ToArray()));
        // What was sealed before there were references is read, and a request without one is written so still.
        Assert.Equal("""{"ConversationIds":["a"]}"""u8, SealedRequest.Write(new DeletionRequest.ByConversationIds(["a"])));
        Assert.Null(SealedRequest.ReferenceOf("""{"ConversationIds":["a"]}"""u8.ToArray()));
        Assert.Equal("DSAR-7", SealedRequest.ReferenceOf(SealedRequest.Write(ids, "DSAR-7")));
        foreach (
            var shown in new object[]
            {
                ids,
                new DeletionRequest.ByChannelUser("secret", null, at),
                new SealedRequest(["secret"], "secret", null, null),
                new ManifestEntry("secret", null, 1),
                new ConversationOutcome(0, "secret", "deleted", null),
            }
        )
            Assert.DoesNotContain("secret", shown.ToString(), StringComparison.Ordinal);
    }
}
