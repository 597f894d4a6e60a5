using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Jobs;

namespace Ledger.Audit;

/// <summary>
/// One stream as its events go by: its versions, and what they fold to. An event that is refused, or of an unknown type, is a finding and
/// is left out, as an event that was inserted past the ledger was: what follows it is folded and compared all the same.
/// </summary>
/// <param name="id">The stream.</param>
/// <param name="type">Its type; null: it has no row.</param>
/// <param name="rowVersion">The version that its row says; null: it has no row, or it is not known (a mirror).</param>
/// <param name="findings">Receives the differences.</param>
internal sealed class FoldedStream(Guid id, string? type, long? rowVersion, Findings findings)
{
    /// <summary>Stands for the type of a stream of which only the entries are known: its first event tells.</summary>
    public const string TypeByFirstEvent = "";

    private static readonly ProjectedStream Nothing = new(default, type: null);

    private bool _isReleased;

    public Guid Id => id;
    public string? Type { get; private set; } = type;
    public string Name { get; } = AuditedLeaf.NameOf(id, type);

    /// <summary>The version of the last event.</summary>
    public long Version { get; private set; }

    /// <summary>The version of the last event that was folded. A document is of this version.</summary>
    public long FoldedVersion { get; private set; }

    /// <summary>The rules of a job's events; null for any other stream.</summary>
    public JobRules? Job { get; private set; } = type == StreamIds.JobType ? new JobRules(new JobId(id)) : null;

    /// <summary>The rows of the projections, folded from the events.</summary>
    public ProjectedStream Projected { get; private set; } = new(id, type);

    private bool HasEnded => Projected.Document<Job>() is { IsEnded: true };

    public void Apply(long version, string eventType, string data, DateTimeOffset at)
    {
        if (version != Version + 1)
        {
            findings.Add(
                FindingKind.StreamVersion, $"stream {Name}", $"version {Version + 1} after version {Version}", $"version {version}",
                "A stream's versions have no gaps: events between them were removed, or this one was inserted past the ledger.");
        }
        Version = version;
        if (_isReleased)
            AddRule(version, eventType, new JobRule("nothing after the job's end", $"an event of type {eventType}"));
        else if (Read(version, eventType, data) is { } @event)
            Take(@event, version, eventType, data, Instant.Truncate(at));
        else if (HasEnded)
            AddRule(version, eventType, new JobRule("nothing after the job's end", $"an event of type {eventType}"));
    }

    /// <summary>The event. Null if this version cannot read it, which is a finding.</summary>
    private object? Read(long version, string eventType, string data)
    {
        try
        {
            if (EventType.Read(eventType, data) is { } @event && (Job is not null || IsAsWritten(@event, data)))
                return @event;
        }
        catch (NotSupportedException)
        {
            findings.Add(
                FindingKind.EventUnknown, $"version {version} of {Name}", "a type that this version of the ledger knows", eventType,
                "The event was inserted past the ledger, or a newer ledger wrote it: then audit with that version. "
                + "It was left out, and what follows it was compared.");
            return null;
        }
        catch (Exception e) when (EventType.IsOfNoEvent(e))
        {
            // Told below, without the reader's own message, which may quote what is there.
        }
        AddRule(version, eventType, new JobRule("an event as the ledger writes it", "something else", IsUnreadable: true));
        return null;
    }

    /// <summary>
    /// True if the data is as the ledger writes it. Otherwise a member that is absent, superfluous or written differently would be lost in
    /// silence. For a job's events, the job's rules check this.
    /// </summary>
    private static bool IsAsWritten(object @event, string data) =>
        Canonical(EventType.Of(@event).Write(@event)).AsSpan().SequenceEqual(Canonical(data));

    private static byte[] Canonical(string json) => Jcs.Canonicalize(Encoding.UTF8.GetBytes(json));

    private void Take(object @event, long version, string eventType, string data, DateTimeOffset at)
    {
        var broken = Job?.Check(eventType, at, Encoding.UTF8.GetBytes(data));
        try
        {
            if (broken is not { IsUnreadable: true })
            {
                var wrong = Fold(@event, version, at);
                (broken, FoldedVersion) = (broken ?? wrong, version);
            }
        }
        catch (Exception e) when (EventType.IsOfNoEvent(e))
        {
            var isMisplaced = e is InvalidOperationException;
            broken ??= new JobRule("an event that can come here", isMisplaced ? e.Message : "something else", IsUnreadable: !isMisplaced);
        }
        if (broken is not null)
            AddRule(version, eventType, broken);
    }

    /// <summary>Of a job that has ended, closes the stream and lets go of its fold.</summary>
    public void ReleaseIfEnded()
    {
        if (!HasEnded)
            return;
        Close();
        (_isReleased, Job, Projected) = (true, null, Nothing);
    }

    /// <summary>After the last event: what the stream's row says.</summary>
    public void Close()
    {
        if (rowVersion is { } recorded && recorded != Version)
        {
            findings.Add(
                FindingKind.StreamVersion,
                $"stream {Name}",
                $"version {recorded}, as its row in ledger.mt_streams says",
                $"version {Version} in its last event",
                recorded < Version
                    ? "Events were inserted past the ledger, which moves both in one transaction."
                    : "The stream's last events were removed past the ledger."
            );
        }
        if (Type is null && rowVersion is null)
        {
            findings.Add(
                FindingKind.Orphan, $"stream {Name}", "a row in ledger.mt_streams", "none",
                "The stream's row was removed, or its events were inserted past the ledger.");
        }
        if (Job?.Unfinished() is { } broken)
            AddRule(Version, "its last event", broken);
    }

    private JobRule? Fold(object @event, long version, DateTimeOffset at)
    {
        if (Type == TypeByFirstEvent && StreamOf(@event) is { } first)
            (Type, Projected) = (first.Type, new ProjectedStream(id, first.Type));
        Projected.Apply(@event, version, at);
        if (Job is not null)
            return null;
        var isOwn = StreamOf(@event) is { } own ? own == (Type, id) : InlineProjection.Of(Type).Count > 0;
        return isOwn ? null : new JobRule(
            "an event that begins this stream, or goes on in it", $"one that does not belong to the stream {Name} of type '{Type}'");
    }

    /// <summary>The stream that an event begins, or, of a stream without a document, goes on; null: it does neither.</summary>
    private static (string Type, Guid Id)? StreamOf(object @event) => @event switch
    {
        BotRegistered e => (StreamIds.BotType, StreamIds.Bot(e.Bot)),
        ClientRegistered e => (StreamIds.ClientType, StreamIds.Client(e.Client)),
        WindowDefined e => (StreamIds.WindowType, StreamIds.Window(e.Name)),
        LegalHoldPlaced e when HoldId.TryParse(e.Hold, out var hold) => (StreamIds.HoldType, hold.Value),
        EpochKeyDestroyed or DeletionsPaused { Bot: null } or DeletionsResumed { Bot: null } => (StreamIds.LedgerType, StreamIds.Ledger),
        OriginOpened => (StreamIds.LogType, StreamIds.Log),
        _ => null,
    };

    private void AddRule(long version, string eventType, JobRule broken) => findings.Add(
        broken.IsUnreadable ? FindingKind.EventUnreadable : FindingKind.JobRule,
        $"version {version} of {Name} ({eventType})", broken.Expected, broken.Found,
        "The ledger records no such event: it was inserted or changed past it, or one before it was removed.");
}
