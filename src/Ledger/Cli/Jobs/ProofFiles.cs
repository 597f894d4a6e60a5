using System.Globalization;
using System.Text;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Log;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;
using Ledger.Proofs;
using Ledger.Registry;

namespace Ledger.Cli.Jobs;

/// <summary>Writes proofs into files. They hold raw ids: only their owner can read them.</summary>
/// <param name="actor">The person who gets the ids, for the record.</param>
internal sealed class ProofFiles(OpenDatabase database, Terminal terminal, string actor, string? reason, bool withIds)
{
    private static readonly string BotOfSql = Sql.Load(typeof(ProofFiles), nameof(BotOfAsync));
    private static readonly string SubmittedSql = Sql.Load(typeof(ProofFiles), nameof(SubmittedAsync));

    private readonly JobProver _prover = new(database.Source);
    private readonly PublishedLog _log = new(database.Source, database.Keys, TimeProvider.System);

    /// <summary>The proof of one job.</summary>
    public async Task JobAsync(JobId job, string? file, CancellationToken cancel)
    {
        var provable = Ready(await FindAsync(job, cancel));
        var path = file ?? $"{job}.erasure-proof";
        var bytes = await WriteAsync(provable, await BotOfAsync(job, cancel), path, cancel);
        terminal.Line($"Wrote {path} ({bytes:N0} bytes): {Describe(provable)}.");
    }

    /// <summary>The proof of one conversation of a job.</summary>
    public async Task ConversationAsync(JobId job, string conversationId, string? file, CancellationToken cancel)
    {
        var provable = Ready(await FindAsync(job, cancel));
        if (provable.OpenKey(database.Keys) is not { } key)
            throw new CommandException(
                "the identifiers of this job were destroyed with its key, so no conversation can be looked up by its id any more; the "
                + "job's own proof is still there"
            );
        var proof =
            await new ConversationProver(database.Source).ProveAsync(provable, key, conversationId, cancel)
            ?? throw new CommandException("the job has no outcome for such a conversation: is it the right job, and the id complete?");
        var path = file ?? $"{job}-{proof.Index}.tlog-proof";
        var bytes = await PrivateFile.WriteAsync(path, to => to.WriteAsync(Encoding.UTF8.GetBytes(proof.ToString()), cancel).AsTask());
        terminal.Line($"Wrote {path} ({bytes:N0} bytes).");
    }

    /// <summary>
    /// The proofs of all jobs of a bot that were submitted from <paramref name="from"/> to <paramref name="to"/>, both inclusive.
    /// </summary>
    public async Task OfBotAsync(string bot, DateTimeOffset from, DateTimeOffset to, string folder, CancellationToken cancel)
    {
        var jobs = await SubmittedAsync(bot, from, to, cancel);
        if (jobs.Count == 0)
            throw new CommandException("the bot submitted no job in that time: `ledger jobs --bot BOT` lists its jobs");
        Directory.CreateDirectory(folder);
        var summary = new StringBuilder("job\tsubmitted\tstatus\tconversations\tdeleted\tskipped\tfailed\tproof\n");
        var proved = 0;
        foreach (var status in jobs)
        {
            var (file, note) = await ProveAsync(bot, status.JobId.ToString(), folder, cancel);
            proved += file is null ? 0 : 1;
            summary.AppendLine(
                CultureInfo.InvariantCulture,
                $"{status.JobId}\t{Instant.Text(status.SubmittedAt)}\t{Job.StatusText(status.Status)}\t"
                + $"{status.Result.TotalConversations}\t{status.Result.DeletedCount}\t{status.Result.SkippedCount}\t"
                + $"{status.Result.FailedCount}\t{file ?? note}");
            terminal.Note($"{proved}/{jobs.Count} {status.JobId}: {note}");
        }
        await PrivateFile.WriteAsync(
            Path.Combine(folder, "summary.tsv"), to => to.WriteAsync(Encoding.UTF8.GetBytes(summary.ToString()), cancel).AsTask());
        terminal.Line(
            $"Wrote {proved} proofs and summary.tsv to {folder}"
                + (proved < jobs.Count ? $"; {jobs.Count - proved} jobs have no proof yet (summary.tsv says why)." : ".")
        );
    }

    private async Task<(string? File, string Note)> ProveAsync(string bot, string jobId, string folder, CancellationToken cancel)
    {
        if (!JobId.TryParse(jobId, out var job))
            throw new InvalidOperationException("a status document without its job id");
        switch (await FindAsync(job, cancel))
        {
            case Provability.Ready ready:
                var file = $"{job}.erasure-proof";
                var bytes = await WriteAsync(ready.Job, bot, Path.Combine(folder, file), cancel);
                return (file, $"{Describe(ready.Job)}, {bytes:N0} bytes");
            case Provability.Unfinished:
                return (null, "has not ended");
            case Provability.WithoutRest:
                return (null, "was cancelled when its key was destroyed already: the untouched part of its list cannot be proved");
            default:
                return (null, "is not covered by a checkpoint yet");
        }
    }

    private Task<Provability> FindAsync(JobId job, CancellationToken cancel) => ProvableJob.FindAsync(database.Source, _log, job, cancel);

    private static ProvableJob Ready(Provability provability) =>
        provability switch
        {
            Provability.Ready ready => ready.Job,
            Provability.Unfinished => throw new CommandException("there is no such job, or it has not ended: `ledger status JOB` shows it"),
            Provability.WithoutRest => throw new CommandException(
                "the job was cancelled when its key was destroyed already, so that the part of its list that was not touched cannot be "
                + "proved: there is no proof of the whole job"),
            _ => throw new CommandException(
                "the log has no published checkpoint yet that covers the whole job: `ledger serve` publishes one, and its /health/ready "
                + "says if something keeps it from that"
            ),
        };

    private async Task<long> WriteAsync(ProvableJob job, string bot, string file, CancellationToken cancel)
    {
        var key = withIds ? job.OpenKey(database.Keys) : null;
        // Before anything is handed out: what is recorded and then not received is the smaller harm.
        if (key is not null)
            CommandException.ThrowIf(
                await database.Registry.ExecuteAsync(
                    bot, new RecordDisclosure(bot, job.Id.ToString(), actor, ProvableJob.Disclosed, actor, reason), cancel)
            );
        return await PrivateFile.WriteAsync(file, to => _prover.WriteAsync(job, key, to, cancel));
    }

    private static string Describe(ProvableJob job) =>
        $"{job.End.Outcome.ToString().ToLowerInvariant()}, {job.End.Deleted:N0} of {job.End.Conversations:N0} conversations deleted";

    private async Task<string> BotOfAsync(JobId job, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(BotOfSql);
        command.Parameters.AddWithValue(job.Value);
        return await command.ExecuteScalarAsync(cancel) as string
            ?? throw new CommandException("there is no such job: `ledger jobs` lists them");
    }

    private async Task<List<JobStatus>> SubmittedAsync(string bot, DateTimeOffset from, DateTimeOffset to, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(SubmittedSql);
        command.Parameters.AddWithValue(bot);
        command.Parameters.AddWithValue(from.UtcDateTime);
        command.Parameters.AddWithValue(to.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var jobs = new List<JobStatus>();
        while (await reader.ReadAsync(cancel))
            jobs.Add(JsonSerializer.Deserialize(reader.GetString(0), DocumentJson.Default.JobStatus)!);
        return jobs;
    }
}
