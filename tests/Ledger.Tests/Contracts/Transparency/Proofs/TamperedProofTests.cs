using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>
/// A proof, of any kind, in which anything was changed does not hold; and no file makes the checker fail in another way than by saying so.
/// </summary>
public sealed class TamperedProofTests
{
    private static readonly string[] s_kinds = ["retried", "undisclosed", "cancelled", "unresolved", "deleted", "skipped", "failed"];

    public static TheoryData<string> Kinds() => [.. s_kinds];

    /// <summary>A job's proofs with several runs, and each kind of a conversation's.</summary>
    private static Task<string> ProofAsync(string kind) => kind switch
    {
        "retried" => ProofLog.Of(SampleJobs.Retried, [2, 0, 1, 0, 1, 0, 0, 1]).JobProofAsync(),
        "undisclosed" => ProofLog.Of(SampleJobs.Of(4, true, [1, 0, 2]), [0, 3]).JobProofAsync(isDisclosed: false),
        "cancelled" => ProofLog.Of(SampleJobs.Of(7, true, [1, 1, 4]), [1, 0, 0, 1, 1]).JobProofAsync(),
        "unresolved" => ProofLog.Of(SampleJobs.Unresolved(), [1]).JobProofAsync(),
        "deleted" => Conversation(4, 0),
        "skipped" => Conversation(5, 1),
        "failed" => Conversation(6, 2),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Task<string> Conversation(int version, int ordinal) =>
        ProofLog
            .Of(SampleJobs.Retried, [2, 0, 1, 0, 1])
            .ConversationProofAsync(version, SampleJob.Disclose(IdentifierKind.Conversation, ordinal) with { Ordinal = null });

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_line_that_is_removed_repeated_or_swapped_is_noticed(string kind)
    {
        var proof = await ProofAsync(kind);
        Assert.Null(await Checked.ProblemAsync(proof));
        var lines = proof.Split('\n')[..^1];
        for (var i = 0; i < lines.Length; i++)
        {
            await NoticesAsync(proof, [.. lines[..i], .. lines[(i + 1)..]], $"line {i + 1} removed");
            // A note may be signed twice by one key, and the order of its signatures means nothing; a job's proof counts their lines.
            if (!lines[i].StartsWith('—') || lines[0] == JobProofWriter.Header)
                await NoticesAsync(proof, [.. lines[..i], lines[i], .. lines[i..]], $"line {i + 1} repeated");
            for (var j = i + 1; j < Math.Min(i + 5, lines.Length); j++)
            {
                if (lines[i] != lines[j] && !(lines[i].StartsWith('—') && lines[j].StartsWith('—')))
                    await NoticesAsync(
                        proof, [.. lines[..i], lines[j], .. lines[(i + 1)..j], lines[i], .. lines[(j + 1)..]],
                        $"lines {i + 1} and {j + 1} swapped");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_proof_that_is_cut_short_is_noticed(string kind)
    {
        var proof = Encoding.UTF8.GetBytes(await ProofAsync(kind));
        for (var length = 0; length < proof.Length; length++)
        {
            // Before, at and behind each line's end, and here and there.
            if (length % 150 != 0 && !proof.AsSpan(Math.Max(0, length - 1), 2).Contains((byte)'\n'))
                continue;
            Assert.True(await Checked.ProblemAsync(proof[..length]) is not null, $"cut to {length} of {proof.Length} bytes");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_flipped_bit_is_noticed(string kind)
    {
        var proof = Encoding.UTF8.GetBytes(await ProofAsync(kind));
        for (var i = 0; i < proof.Length; i++)
        {
            // Each line's first bytes and its last one, and many between.
            if (i % 31 != 0 && !proof.AsSpan(Math.Max(0, i - 2), Math.Min(4, proof.Length - Math.Max(0, i - 2))).Contains((byte)'\n'))
                continue;
            proof[i] ^= (byte)(1 << (i % 8));
            Assert.True(await Checked.ProblemAsync(proof) is not null, $"bit {i % 8} of byte {i}");
            proof[i] ^= (byte)(1 << (i % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_follows_the_end_or_ends_lines_otherwise_is_noticed(string kind)
    {
        var proof = await ProofAsync(kind);
        foreach (
            var wrong in new[]
            {
                proof + "\n",
                proof + "x",
                proof + "end\n",
                proof + proof,
                "\uFEFF" + proof,
                "\n" + proof,
                proof.Replace("\n", "\r\n", StringComparison.Ordinal),
                proof[..^1],
                "",
                "\n",
            }
        )
            Assert.NotNull(await Checked.ProblemAsync(wrong));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_number_that_is_not_canonical_or_too_large_is_noticed(string kind)
    {
        var lines = (await ProofAsync(kind)).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var words = lines[i].Split(' ');
            if (words[0] is not ("run" or "disclosures" or "manifest-rest" or "checkpoint" or "index"))
                continue;
            for (var word = 1; word < words.Length; word++)
            {
                foreach (
                    var number in new[]
                    {
                        "0" + words[word],
                        "-" + words[word],
                        words[word] + ".0",
                        "",
                        "9007199254740991",
                        "9007199254740992",
                        "9223372036854775807",
                        new string('9', 5_000),
                        "٣",
                    }
                )
                    await NoticesAsync(
                        "", [.. lines[..i], string.Join(' ', [.. words[..word], number, .. words[(word + 1)..]]), .. lines[(i + 1)..]],
                        $"{words[0]} {number}");
            }
        }
    }

    [Fact]
    public async Task A_line_without_an_end_does_not_fill_the_memory()
    {
        var head = string.Join(
            '\n', (await ProofAsync("retried")).Split('\n').TakeWhile(line => !line.StartsWith("run", StringComparison.Ordinal)));
        await Checked.FailsAsync($"{head}\nrun {new string('1', 1_000_000)}", "more than 65,535 bytes");
        await Checked.FailsAsync(new string('x', 1_000_000), "not an erasure proof");
        await Checked.FailsAsync($"{TlogProof.Header}\nextra {new string('A', 3_000_000)}\n", "the file has more than");
    }

    private static async Task NoticesAsync(string proof, string[] lines, string what)
    {
        var changed = string.Join('\n', lines) + (lines[^1].Length == 0 ? "" : "\n");
        if (changed != proof)
            Assert.True(await Checked.ProblemAsync(changed) is not null, $"not noticed: {what}");
    }

    [Fact]
    public void No_file_makes_the_checker_throw_anything_else()
    {
        string[] proofs = [.. s_kinds.Select(kind => ProofAsync(kind).GetAwaiter().GetResult())];
        Prop.ForAll(
                Gen.Choose(0, proofs.Length - 1).ToArbitrary(),
                Gen.Choose(0, 1 << 24).ListOf().Resize(6).ToArbitrary(),
                ArbMap.Default.ArbFor<byte[]>(),
                (kind, edits, noise) =>
                {
                    var file = Encoding.UTF8.GetBytes(proofs[kind]).ToList();
                    foreach (var edit in edits)
                        Edit(file, edit, noise);
                    // Whether it holds is not asked: nothing, or two edits that undo each other, may have been done.
                    Checked.ProblemAsync([.. file]).GetAwaiter().GetResult();
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithQuietOnSuccess(true));
    }

    private static void Edit(List<byte> file, int edit, byte[] noise)
    {
        if (file.Count == 0)
            return;
        var at = edit / 8 % file.Count;
        switch (edit % 8)
        {
            case 0: file.InsertRange(at, noise); break;
            case 1: file.RemoveRange(at, Math.Min(1 + edit % 70, file.Count - at)); break;
            case 2: file.InsertRange(at, file.GetRange(at, Math.Min(1 + edit % 300, file.Count - at))); break;
            case 3: file[at] = (byte)'\n'; break;
            case 4: file[at] = (byte)('0' + edit % 10); break;
            default: file[at] = (byte)(edit >> 3); break;
        }
    }

    [Fact]
    public void No_text_makes_a_parser_throw_anything_else() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<string>().Filter(text => text is not null),
                Gen.Choose(0, 3).ToArbitrary(),
                (text, form) =>
                {
                    var json = form switch
                    {
                        0 => text,
                        1 => $"{{\"id\":\"{text}\",\"kind\":\"conversation\",\"salt\":\"{text}\"}}",
                        2 => $"{{\"disclosures\":[{text}],\"entry\":\"e30=\",\"v\":1}}",
                        _ => $"old {text}\n{text}\n\n{text}",
                    };
                    var bytes = Encoding.UTF8.GetBytes(json);
                    foreach (
                        var parse in (Action[])
                            [
                                () => Disclosure.Parse(bytes), () => ConversationProof.Parse(bytes), () => TlogProof.Parse(bytes),
                                () => AddCheckpointRequest.Parse(bytes), () => LeafEntry.Parse(bytes),
                            ]
                    )
                        Assert.True(Record.Exception(parse) is null or FormatException, json);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000).WithQuietOnSuccess(true));
}
