namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks proofs offline. <c>erasure-verify</c> and <c>ledger verify</c> are this.</summary>
public static class Verification
{
    /// <summary>The proof holds; the report says of what.</summary>
    public const int Holds = 0;

    /// <summary>It does not hold, or is no proof.</summary>
    public const int DoesNotHold = 1;

    /// <summary>A newer ledger made it: its hashes and signatures are right, and something that it says is not known here.</summary>
    public const int NotProven = 3;

    /// <summary>Checks a proof of either kind, in one pass over the stream and bounded memory.</summary>
    /// <param name="proof">The file; read to its end.</param>
    /// <param name="trust">The keys and checkpoints to check it by.</param>
    /// <exception cref="FormatException">It is not in a format that this version knows; the message says where.</exception>
    /// <exception cref="InvalidProofException">The proof does not hold. The message says what is wrong, in plain words.</exception>
    /// <exception cref="NotProvenException">A newer ledger made the proof. The message says what is not known.</exception>
    public static async Task<ErasureReport> CheckAsync(Stream proof, Trust trust, CancellationToken cancel = default)
    {
        var lines = new ProofLines(proof, cancel);
        switch (await lines.PeekTextAsync())
        {
            case JobProofWriter.Header:
                return await CheckJobAsync(lines, trust);
            case TlogProof.Header:
                return ConversationProofCheck.Run(await lines.RestAsync(TlogProof.MaxBytes), trust);
            default:
                throw new FormatException(
                    $"this is not an erasure proof: its first line is neither '{JobProofWriter.Header}' nor '{TlogProof.Header}'");
        }
    }

    /// <summary>Checks a proof and tells a person, or a program, what came of it.</summary>
    /// <param name="asJson">The report, or what does not hold or is not known, as JSON.</param>
    /// <param name="output">The report.</param>
    /// <param name="error">The thing that does not hold, or is not known.</param>
    /// <returns><see cref="Holds"/>, <see cref="DoesNotHold"/> or <see cref="NotProven"/>.</returns>
    public static async Task<int> RunAsync(
        Stream proof, Trust trust, bool asJson, TextWriter output, TextWriter error, CancellationToken cancel = default)
    {
        try
        {
            var report = await CheckAsync(proof, trust, cancel);
            if (asJson)
                await output.WriteLineAsync(ReportJson.Text(report));
            else
                ReportText.Write(output, report);
            return Holds;
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            await TellAsync(ReportJson.DoesNotHold, "THE PROOF DOES NOT HOLD", e.Message, "Do not rely on anything that it says.");
            return DoesNotHold;
        }
        catch (NotProvenException e)
        {
            await TellAsync(
                ReportJson.NotProven, "NOT PROVEN", e.Message,
                "Its signature and the log's hashes are right. Do not rely on anything else that it says: check it with a newer version "
                + "of this program."
            );
            return NotProven;
        }

        Task TellAsync(string verdict, string headline, string problem, string advice) => asJson
            ? output.WriteLineAsync(ReportJson.Text(verdict, problem))
            : error.WriteLineAsync($"{headline}: {ReportText.Printable(problem)}.\n{advice}");
    }

    private static async Task<JobReport> CheckJobAsync(ProofLines lines, Trust trust)
    {
        var check = new JobProofCheck(lines, trust);
        try
        {
            return await check.RunAsync();
        }
        catch (FormatException e)
        {
            throw new FormatException($"line {check.Line}: {e.Message}", e);
        }
        catch (InvalidProofException e)
        {
            throw new InvalidProofException($"line {check.Line}: {e.Message}");
        }
    }
}
