using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Bench;

/// <summary>
/// The proof of a job over any number of conversations, all deleted: generated anew each time that it goes by, and checked while it is
/// written, so that nobody holds it.
/// </summary>
internal sealed class GeneratedProof(int conversations)
{
    private const string Origin = "log.example/generated";
    private static readonly NoteSigner s_key = new(Origin, NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)7, 32)]);
    private static readonly DateTimeOffset s_night = new(2026, 5, 8, 18, 0, 0, TimeSpan.Zero);
    private static readonly JobId s_job = JobId.FromRandomness(new byte[32]);
    private static readonly string[] s_deleted = AroundDeleted();

    /// <summary>Events of the job besides the conversations' outcomes.</summary>
    public const int OtherEvents = 4;

    /// <summary>Writes the proof and checks it.</summary>
    /// <param name="sample">
    /// Called whenever so many more bytes were read, and at the end of the stream, each time with the checker alive.
    /// </param>
    public async Task<JobReport> CheckAsync(long everyBytes, Action sample)
    {
        var pipe = new Pipe();
        var writing = Task.Run(async () =>
        {
            await WriteAsync(pipe.Writer.AsStream());
            await pipe.Writer.CompleteAsync();
        });
        await using var read = new SampledStream(pipe.Reader.AsStream(), everyBytes, sample);
        var report = (JobReport)await Verification.CheckAsync(read, new Trust(s_key.Verifier, []));
        await writing;
        return report;
    }

    private async Task WriteAsync(Stream to)
    {
        var events = conversations + OtherEvents;
        var manifest = Root(conversations, ordinal => Disclose(ordinal).Commitment());
        var text = new Checkpoint(Origin, events, Root(events, i => Entry(i, manifest))).Text;

        var proof = new JobProofWriter(to);
        await proof.WriteHeaderAsync(Origin, s_job, new SignedNote(text, [s_key.Sign(text)]).ToString());
        await proof.BeginRunAsync(0, events, [], []);
        for (var i = 0; i < events; i++)
            await proof.WriteEntryAsync(Entry(i, manifest));
        await proof.BeginDisclosuresAsync(conversations + 1);
        await proof.WriteDisclosureAsync(Disclose(null));
        for (var ordinal = 0; ordinal < conversations; ordinal++)
            await proof.WriteDisclosureAsync(Disclose(ordinal));
        await proof.EndAsync([]);
    }

    private static byte[] Root(int count, Func<int, byte[]> leaf)
    {
        var root = new MerkleRoot();
        foreach (var hash in ParallelEnumerable.Range(0, count).AsOrdered().Select(i => MerkleTree.LeafHash(leaf(i))))
            root.AddLeaf(hash);
        return root.Root();
    }

    private byte[] Entry(int i, byte[] manifestRoot) =>
        i switch
        {
            0 => Entry(1, new Submitted("st-1", RequestType.CId, [Disclose(null).Commitment()], "cs-1", To: s_night)),
            1 => Entry(
                2,
                new Scheduled(
                    s_night, new PlannedWindow("night", "0 0 18 * * ?", "UTC", s_night, s_night.AddHours(8)), ScheduleReason.OffPeak, 1)
            ),
            2 => Entry(3, new Started(1, conversations, manifestRoot, s_night.AddYears(-1))),
            _ when i < conversations + 3 => Deleted(i - 3, i + 1),
            _ => Entry(
                i + 1,
                new Completed(
                    JobOutcome.Completed, conversations, conversations, 0, new Dictionary<SkipReason, long>(),
                    new ItemCounts(conversations, conversations, 0, 0, 2L * conversations))
            ),
        };

    private static byte[] Entry(long version, JobEvent @event) =>
        LeafEntry.Encode(
            s_job.ToString(), version, EventType.Of(@event).Name, s_night, Encoding.UTF8.GetBytes(EventType.Of(@event).Write(@event)));

    /// <summary>
    /// As <see cref="Entry(long, JobEvent)"/> gives it, at a fraction of the time: what is measured is not the generator.
    /// </summary>
    private static byte[] Deleted(int ordinal, int version) =>
        Encoding.UTF8.GetBytes(
            $"{s_deleted[0]}{Convert.ToBase64String(Disclose(ordinal).Commitment())}{s_deleted[1]}{ordinal}"
            + $"{s_deleted[2]}{version}{s_deleted[3]}"
        );

    /// <summary>The entry of a deletion around its commitment, ordinal and version.</summary>
    private static string[] AroundDeleted()
    {
        var (commitment, ordinal, version) = (new byte[Commitment.Size], 11_111_111, 22_222_222);
        var entry = Entry(version, new ConversationDeleted(commitment, ordinal, new ItemCounts(1, 1, 0, 0, 2), 1, ConfirmedAbsent: true));
        return Encoding
            .UTF8.GetString(entry)
            .Split([Convert.ToBase64String(commitment), $"{ordinal}", $"{version}"], StringSplitOptions.None);
    }

    private static Disclosure Disclose(int? ordinal)
    {
        var salt = new byte[Commitment.Size];
        BinaryPrimitives.WriteInt32LittleEndian(salt, ordinal ?? -1);
        return new Disclosure(
            ordinal is null ? IdentifierKind.CId : IdentifierKind.Conversation, ordinal,
            ordinal is null ? "user" : $"conversation-{ordinal:d8}", salt);
    }

    private sealed class SampledStream(Stream inner, long everyBytes, Action sample) : Stream
    {
        private long _read, _sampled;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            _read += read;
            if (read == 0 || _read - _sampled >= everyBytes)
            {
                _sampled = _read;
                sample();
            }
            return read;
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
