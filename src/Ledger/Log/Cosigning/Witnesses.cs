using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;
using Ledger.Machine;

namespace Ledger.Log.Cosigning;

/// <summary>The waiting times for witnesses.</summary>
public sealed record WitnessOptions
{
    /// <summary>The time from asking to the last answer that counts, a second question included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>The time left to the other witnesses once a quorum has cosigned.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>
/// The witnesses of a policy, asked side by side to cosign what the log signed. <see cref="CosignAsync"/> is a <see cref="CosignAsync"/>.
/// </summary>
public sealed class Witnesses : IDisposable
{
    private const int AnswerBytes = 64 * 1024;

    private readonly Policy _policy;
    private readonly TimeProvider _time;
    private readonly WitnessOptions _options;
    private readonly HttpClient _http;
    private readonly WitnessClient[] _clients;

    /// <param name="policy">The policy, see <see cref="ReadPolicy"/>.</param>
    /// <param name="read">The log's stored hashes, for consistency proofs.</param>
    public Witnesses(Policy policy, NodeReader read, TimeProvider time, WitnessOptions? options = null)
    {
        if (Problem(policy) is { } problem)
            throw new WitnessException($"the witness policy cannot be used: {problem}");
        (_policy, _time, _options) = (policy, time, options ?? new WitnessOptions());
        var handler = OutgoingHttp.Handler();
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2);
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, // the round's own deadline
            MaxResponseContentBufferSize = AnswerBytes,
        };
        _clients = [.. policy.Witnesses.Select(witness => new WitnessClient(witness, read, _http))];
    }

    /// <summary>The witnesses, and the number of them that must cosign.</summary>
    public Policy Policy => _policy;

    /// <summary>Reads the policy file of a node.</summary>
    /// <exception cref="WitnessException">The file cannot be read, or its witnesses cannot be asked.</exception>
    public static Policy ReadPolicy(string file)
    {
        try
        {
            var policy = Policy.Parse(StrictText.WithoutMark(File.ReadAllBytes(file)));
            return Problem(policy) is { } problem ? throw new FormatException(problem) : policy;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"the witness policy '{file}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The reason that a log with this key cannot use the policy. Null if it can.</summary>
    public static string? Problem(Policy policy, NoteVerifier log) => policy.Logs.Count == 0 || policy.Logs.Any(listed => listed.Key == log)
        ? null
        : $"the witness policy is for another log: its log line must be 'log {log}', or be left out";

    /// <summary>
    /// Asks every witness that has not cosigned the note yet, all at once, and adds each cosignature that verifies. It ends when all have
    /// answered, when the quorum is met and the grace is over, or at the timeout. Asking again is safe.
    /// </summary>
    public async Task<CosignedNote> CosignAsync(Checkpoint checkpoint, string note, CancellationToken cancel)
    {
        var signed = SignedNote.Parse(note);
        HashSet<string> cosigned;
        try
        {
            cosigned = [.. _policy.Evaluate(signed).Witnesses.Select(one => one.Witness.Name)];
        }
        catch (InvalidProofException e)
        {
            return new CosignedNote(note, QuorumMet: false, e.Message);
        }
        using var deadline = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        var isQuorum = _policy.IsQuorum(cosigned);
        if (isQuorum)
            deadline.CancelAfter(_options.Grace);
        var asked = _clients
            .Where(client => !cosigned.Contains(client.Witness.Name))
            .Select(client => ReplyAsync(client, checkpoint, signed, either.Token, cancel))
            .ToList();
        var problems = new List<string>();
        await foreach (var reply in Task.WhenEach(asked).WithCancellation(cancel))
        {
            var (witness, cosignature, problem) = await reply;
            if (problem is not null)
                problems.Add($"{witness.Name} {problem}");
            if (cosignature is null)
                continue;
            note += $"{cosignature}\n";
            cosigned.Add(witness.Name);
            if (isQuorum || !_policy.IsQuorum(cosigned))
                continue;
            isQuorum = true;
            deadline.CancelAfter(_options.Grace);
        }
        return new CosignedNote(note, isQuorum, Describe(cosigned.Count, isQuorum, problems));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Answers at the deadline at the latest, whatever the witness does. It throws only when <paramref name="cancel"/> ends it.
    /// </summary>
    private static async Task<WitnessReply> ReplyAsync(
        WitnessClient client, Checkpoint checkpoint, SignedNote note, CancellationToken deadline, CancellationToken cancel)
    {
        try
        {
            return await client.AskAsync(checkpoint, note, deadline);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new WitnessReply(client.Witness, Cosignature: null, "has not answered in time");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new WitnessReply(
                client.Witness, Cosignature: null, $"could not be asked: the log's stored hashes could not be read ({e.GetType().Name})");
        }
    }

    private string? Describe(int cosigned, bool isQuorum, List<string> problems)
    {
        if (problems.Count == 0 && isQuorum)
            return null;
        var failed = string.Join("; ", problems.Order(StringComparer.Ordinal).Select(problem => $"witness {problem}"));
        return isQuorum
            ? $"the quorum of witnesses is met, but {failed}"
            : $"{cosigned} of {_policy.Witnesses.Count} witnesses cosigned, and the policy needs {_policy.DescribeQuorum()}: {failed}";
    }

    private static string? Problem(Policy policy)
    {
        foreach (var witness in policy.Witnesses)
        {
            if (!Uri.TryCreate(witness.Url, UriKind.Absolute, out var url)
                || url.Scheme is not ("http" or "https")
                || url.Query.Length > 0
                || url.Fragment.Length > 0)
                return $"the witness {witness.Name} needs its address, 'witness {witness.Name} VKEY https://…': the prefix of its "
                    + "add-checkpoint";
        }
        return null;
    }
}
