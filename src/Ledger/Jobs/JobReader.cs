using System.Buffers.Text;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Jobs;

/// <summary>A job's status.</summary>
/// <param name="Json">The stored status document, as it is sent: see <see cref="StatusText"/>.</param>
/// <param name="Ended">True if the job has ended.</param>
/// <param name="PlannedAt">The instant of its latest plan.</param>
public sealed record StoredStatus(string Json, bool Ended, DateTimeOffset PlannedAt)
{
    /// <summary>The text with the case as its last member.</summary>
    internal StoredStatus With(JobCase told, string? reference)
    {
        var shown = JsonSerializer.Serialize(
            new ShownCase(reference, told.ReceivedOn, told.Basis, told.DueOn), DocumentJson.Default.ShownCase);
        return new StoredStatus($"{Json[..Json.LastIndexOf('}')]},\"case\":{shown}}}", Ended, PlannedAt);
    }

    /// <summary>
    /// The validator of this text, different for any other text (RFC 9110 §8.8.3): 128 bits of its SHA-256, in hexadecimal. The document's
    /// version would not do, because a rebuild corrects a document and keeps its version.
    /// </summary>
    public string Validator { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json)).AsSpan(0, 16));
}

/// <summary>A job of any bot.</summary>
/// <param name="Client">The client that submitted it.</param>
/// <param name="Json">The stored status document, as it is sent: see <see cref="StatusText"/>.</param>
/// <param name="DueOn">The deadline of the case behind it. Null if there is none.</param>
public sealed record ListedJob(string Bot, string Client, string Json, DateOnly? DueOn = null);

/// <summary>One page of a list of jobs, as the API answers it.</summary>
public sealed record JobPage(
    [property: Description("Status documents, newest first.")] IReadOnlyList<ListedJob> Jobs,
    [property: Description("Send it as `after` for the next page; null on the last.")] string? Next);

/// <summary>One conversation's outcome so far.</summary>
public sealed record ConversationOutcome(
    [property: Description("The conversation's place in the job's list: its ordinal, from 0.")] long Ordinal,
    [property: Description("Null once the job's key is destroyed.")] string? ConversationId,
    [property: Description("`pending` while it has none."), AllowedValues("deleted", "failed", "skipped", "pending")] string Outcome,
    [property: Description("Why it was skipped or failed; null where it was neither."), ValuesOf(typeof(SkipReason), typeof(FailureReason))]
    string? Reason)
{
    public override string ToString() => nameof(ConversationOutcome);
}

/// <summary>One page of a job's outcomes, as the API answers it.</summary>
public sealed record OutcomePage(
    JobId JobId,
    [property: Description("In ordinal order.")] IReadOnlyList<ConversationOutcome> Outcomes,
    [property: Description(
        "Send the ordinal as `after` for the next page; null on the last. A page may hold fewer than `limit` and still have a next one.")]
    long? Next);

/// <summary>Reads jobs. A method that takes a bot answers null if the job does not exist or is another bot's.</summary>
/// <param name="keys">The keys, needed only to open ids. Null if no ids can be opened.</param>
public sealed class JobReader(NpgsqlDataSource database, KeyFolder? keys)
{
    /// <summary>
    /// Maximum number of manifest rows that one page of outcomes reads. So a page may hold fewer than its limit and still have a next one.
    /// </summary>
    private const int RowsPerPage = 64;

    private static readonly string StatusSql = Sql.Load(typeof(JobReader), nameof(StatusAsync));
    private static readonly string ClientSql = Sql.Load(typeof(JobReader), nameof(ClientAsync));
    private static readonly string ListSql = Sql.Load(typeof(JobReader), nameof(ListAsync));
    private static readonly string FindSql = Sql.Load(typeof(JobReader), nameof(FindAsync));
    private static readonly string NewestSql = Sql.Load(typeof(JobReader), nameof(NewestAsync));
    private static readonly string OutcomesSql = Sql.Load(typeof(JobReader), nameof(OutcomesAsync));

    /// <summary>The status document. The client that sent a case with the job finds the case in it.</summary>
    /// <param name="client">The client that asks. Null for the document as it is stored.</param>
    public async Task<StoredStatus?> StatusAsync(string botId, JobId job, string? client, CancellationToken cancel)
    {
        await using var command = Command(StatusSql, new() { Value = job.Value }, new() { Value = botId }, Text(client));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var status = new StoredStatus(
            StatusText.Of(reader.GetString(0)), reader.GetBoolean(1), new DateTimeOffset(reader.GetDateTime(2), TimeSpan.Zero));
        if (await reader.IsDBNullAsync(3, cancel))
            return status;
        var key = await reader.IsDBNullAsync(4, cancel)
            ? null
            : keys?.OpenJobKey(job, reader.GetInt32(4), reader.GetFieldValue<byte[]>(5));
        var reference = key is null
            ? null
            : SealedRequest.ReferenceOf(key.Unseal(SealedKind.Request, 0, reader.GetFieldValue<byte[]>(6)));
        return status.With(JsonSerializer.Deserialize(reader.GetString(3), DocumentJson.Default.JobCase)!, reference);
    }

    /// <summary>The client that submitted the job.</summary>
    public async Task<string?> ClientAsync(string botId, JobId job, CancellationToken cancel)
    {
        await using var command = Command(ClientSql, new() { Value = job.Value }, new() { Value = botId });
        return (string?)await command.ExecuteScalarAsync(cancel);
    }

    /// <summary>A job of any bot.</summary>
    public async Task<ListedJob?> FindAsync(JobId job, CancellationToken cancel) =>
        (await ListedAsync(Command(FindSql, new NpgsqlParameter { Value = job.Value }), cancel)).SingleOrDefault();

    /// <summary>The newest jobs, of one bot or of all.</summary>
    /// <param name="botId">Only this bot's jobs. Null for all bots.</param>
    /// <param name="status">Only jobs with this status. Null for all.</param>
    /// <param name="phase">Only jobs in this phase. Null for all.</param>
    /// <param name="dueBy">Only unfinished jobs whose case is due on this day or earlier. Null for all.</param>
    /// <param name="limit">Maximum number of jobs.</param>
    /// <param name="cancel">Stops the read.</param>
    public Task<List<ListedJob>> NewestAsync(
        string? botId, ReportedStatus? status, Phase? phase, DateOnly? dueBy, int limit, CancellationToken cancel) =>
        ListedAsync(
            Command(
                NewestSql, Text(botId), Text(status is { } only ? Job.StatusText(only) : null), Text(phase?.ToString().ToLowerInvariant()),
                new() { Value = limit }, new() { Value = (object?)dueBy ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Date }),
            cancel
        );

    /// <param name="bots">The bots whose jobs to list.</param>
    /// <param name="status">Only jobs with this status. Null for all.</param>
    /// <param name="limit">1 to 100.</param>
    /// <param name="after">The cursor of an earlier page.</param>
    /// <param name="cancel">Stops the read.</param>
    /// <exception cref="FormatException">The cursor is not one of ours.</exception>
    public async Task<JobPage> ListAsync(
        IReadOnlyCollection<string> bots, string? status, int limit, string? after, CancellationToken cancel)
    {
        var (submittedAt, job) = after is null ? (null, null) : Cursor.Read(after);
        await using var command = Command(
            ListSql, new() { Value = bots.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text }, Text(status),
            new() { Value = (object?)submittedAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
            new() { Value = (object?)job ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
            new() { Value = limit + 1 });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var jobs = new List<ListedJob>();
        string? last = null;
        while (await reader.ReadAsync(cancel))
        {
            if (jobs.Count == limit)
                return new JobPage(jobs, last);
            jobs.Add(new ListedJob(
                reader.GetString(3), reader.GetString(4), StatusText.Of(reader.GetString(0)), await DayAsync(reader, 5, cancel)));
            last = Cursor.Write(reader.GetDateTime(1), reader.GetGuid(2));
        }
        return new JobPage(jobs, null);
    }

    /// <param name="botId">The bot.</param>
    /// <param name="job">The job.</param>
    /// <param name="outcome">Only conversations with this outcome. Null for all that have one.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <param name="after">Only ordinals above this one. -1 for the first page.</param>
    /// <param name="cancel">Stops the read.</param>
    public async Task<OutcomePage?> OutcomesAsync(string botId, JobId job, string? outcome, int limit, long after, CancellationToken cancel)
    {
        after = Math.Min(after, long.MaxValue - 1);
        var firstRow = (int)Math.Min((after + 1) / Manifest.RowSize, int.MaxValue);
        await using var command = Command(
            OutcomesSql, new() { Value = job.Value }, new() { Value = botId }, new() { Value = firstRow }, new() { Value = RowsPerPage });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var page = new List<ConversationOutcome>();
        JobKey? key = null;
        var known = false;
        var rows = 0;
        var next = after;
        while (await reader.ReadAsync(cancel))
        {
            known = true;
            if (await reader.IsDBNullAsync(3, cancel))
                break; // the job has no manifest yet, or none that far
            if (rows++ == RowsPerPage)
                return new OutcomePage(job, page, next);
            key ??= await reader.IsDBNullAsync(0, cancel)
                ? null
                : keys?.OpenJobKey(job, reader.GetInt32(0), reader.GetFieldValue<byte[]>(1));
            var sealedRow = await reader.IsDBNullAsync(2, cancel) ? null : reader.GetFieldValue<byte[]>(2);
            var outcomes = reader.GetFieldValue<byte[]>(4);
            var row = reader.GetInt32(3);
            var entries = key is null || sealedRow is null ? null : Manifest.Unseal(key, row, sealedRow);
            for (var i = 0; i < outcomes.Length; i++)
            {
                var ordinal = (long)row * Manifest.RowSize + i;
                var name = OutcomeCode.Name(outcomes[i]);
                if (ordinal <= after || name != (outcome ?? (outcomes[i] == OutcomeCode.Pending ? null : name)))
                    continue;
                if (page.Count == limit)
                    return new OutcomePage(job, page, next);
                page.Add(new ConversationOutcome(ordinal, entries?[i].ConversationId, name, OutcomeCode.Reason(outcomes[i])));
                next = ordinal;
            }
            next = (long)row * Manifest.RowSize + outcomes.Length - 1;
        }
        return known ? new OutcomePage(job, page, null) : null;
    }

    private static async Task<List<ListedJob>> ListedAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using var listing = command;
        await using var reader = await listing.ExecuteReaderAsync(cancel);
        var jobs = new List<ListedJob>();
        while (await reader.ReadAsync(cancel))
            jobs.Add(new ListedJob(
                reader.GetString(0), reader.GetString(1), StatusText.Of(reader.GetString(2)), await DayAsync(reader, 3, cancel)));
        return jobs;
    }

    private static async Task<DateOnly?> DayAsync(NpgsqlDataReader reader, int column, CancellationToken cancel) =>
        await reader.IsDBNullAsync(column, cancel) ? null : reader.GetFieldValue<DateOnly>(column);

    private NpgsqlCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    private static NpgsqlParameter Text(string? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>The place where the last page ended. Clients cannot read it.</summary>
    private static class Cursor
    {
        public static string Write(DateTime submittedAt, Guid job) =>
            Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{Instant.Text(new DateTimeOffset(submittedAt))} {job:D}"));

        public static (DateTime? SubmittedAt, Guid? Job) Read(string cursor)
        {
            if (cursor.Length > 128 || !Base64Url.IsValid(cursor))
                throw new FormatException("not a cursor");
            var parts = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)).Split(' ');
            return
                parts.Length == 2
                && Guid.TryParseExact(parts[1], "D", out var job)
                && DateTime.TryParseExact(
                    parts[0], "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
                ? (at, job)
                : throw new FormatException("not a cursor");
        }
    }
}
