using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Projections.ChangeLog;

/// <summary>A row of <c>change_log</c> with the first of its events.</summary>
/// <param name="Bot">The bot.</param>
/// <param name="Job">Null: the entry is about the bot itself.</param>
/// <param name="Id">Of the entry.</param>
/// <param name="FirstVersion">Of the stream.</param>
/// <param name="LastVersion">Inclusive.</param>
/// <param name="Leaves">Half-open.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Client">The client that submitted the job; null for a bot's entries.</param>
/// <param name="Outcomes">The outcomes of a batch. Null if the entry is one event.</param>
/// <param name="EventType">The event's type.</param>
/// <param name="Data">The event. Null if the entry is a batch's.</param>
public sealed record ChangeLogRow(
    string Bot, JobId? Job, Guid Id, long FirstVersion, long LastVersion, LeafRange Leaves, DateTimeOffset At, string? Client,
    string? Outcomes, string EventType, string? Data);

/// <summary>An entry as a function of its row, and of nothing else.</summary>
public static class ChangeLogShape
{
    /// <summary>Before the UUID of an entry's id.</summary>
    public const string IdPrefix = "btl-";

    public static ChangeLogEntry Of(ChangeLogRow row)
    {
        var said = Read(row);
        var detail = new ChangeLogDetail(
            row.Outcomes is null ? row.EventType : ChangeLogDetail.Outcomes, row.FirstVersion, row.LastVersion, row.Leaves);
        return new ChangeLogEntry
        {
            Id = $"{IdPrefix}{row.Id:D}",
            UserId = new ChangeLogUser(row.Client ?? (said as RegistryEvent)?.Actor ?? ""),
            StreamId = row.Bot,
            ResourceId = row.Job?.ToString() ?? row.Bot,
            ResourceType = row.Job is null ? ChangeLogEntry.BotResource : ChangeLogEntry.JobResource,
            Message = ChangeLogMessage.Of(said, row.EventType),
            CreatedOn = row.At,
            Detail = Fill(detail, said),
        };
    }

    /// <summary>
    /// The event, or a batch's outcomes; null: this version cannot read it, and its neighbours are to be seen all the same.
    /// </summary>
    private static object? Read(ChangeLogRow row)
    {
        try
        {
            return row.Outcomes is { } outcomes
                ? JsonSerializer.Deserialize(outcomes, ChangeLogJson.Readable.BatchOutcomes)
                : EventType.Read(row.EventType, row.Data!);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static ChangeLogDetail Fill(ChangeLogDetail detail, object? said) =>
        said switch
        {
            Submitted e => detail with { RequestType = e.RequestType },
            CaseRecorded e => detail with { Basis = e.Basis, ReceivedOn = e.ReceivedOn, DueOn = e.DueOn },
            DeadlineExtended e => detail with { DueOn = e.DueOn },
            Scheduled e => detail with { PlannedAt = e.PlannedAt, Window = e.Window, Reason = e.Reason, Attempt = e.Attempt },
            Started e => detail with { Attempt = e.Attempt, Conversations = e.Conversations },
            BatchOutcomes e => detail with { Deleted = e.Deleted, Failed = e.Failed, Skipped = e.Skipped, Items = e.Items },
            Failed e => detail with { Attempt = e.Attempt, Failure = e.Reason, RetriesRemaining = e.RetriesRemaining },
            Completed e => detail with
            {
                Outcome = e.Outcome,
                Conversations = e.Conversations,
                Deleted = e.Deleted,
                Failed = e.Failed,
                Skipped = e.Skipped,
                Items = e.Items,
            },
            BotRegistered e => detail with { Settings = new BotSettings(e.Window, e.RetentionDays, e.KeyRetentionDays) },
            BotChanged e => detail with { Settings = new BotSettings(e.Window, e.RetentionDays, e.KeyRetentionDays) },
            ClientGranted e => detail with { Client = e.Client, Scopes = e.Scopes },
            GrantRevoked e => detail with { Client = e.Client },
            JobKeyDestroyed e => detail with { Job = e.Job },
            JobCancelled e => detail with { Job = e.Job },
            IdentifiersDisclosed e => detail with { Job = e.Job, Client = e.Client, What = e.What },
            ErasedConversationsImported e => detail with { Conversations = e.Conversations },
            // What is new here says its type and place until somebody decides what else its readers may know.
            _ => detail,
        };
}
