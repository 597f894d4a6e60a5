using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;

namespace Ledger.Tests.Contracts;

/// <summary>
/// What events look like at rest. <c>Golden/events.jsonl</c> holds each type's stored shape: name, its <c>mt_dotnet_type</c> and its data.
/// What is recorded for good is read by these shapes for good: a line may be added, none may change.
/// </summary>
public sealed partial class EventTypeTests
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);
    // base64 with a plus and a slash
    private static readonly byte[] s_bytes = [.. Enumerable.Range(0, 32).Select(i => (byte)(255 - 5 * i))];
    private static readonly PlannedWindow s_window = new("night", "0 0 18 * * ?", "Europe/Berlin", s_at, s_at.AddHours(8));

    private const string Hold = "lh-0b6a4b0e-3f0c-5a57-9f4d-6f7a1c2b3d4e";

    /// <summary>One of each, and of those with absent members one without them.</summary>
    private static readonly object[] s_examples =
    [
        new Submitted("st-1 <&>", RequestType.ConversationIds, [s_bytes, s_bytes], "cs-1"),
        new Submitted("st-1", RequestType.CId, [s_bytes], "cs-1", s_at, s_at.AddDays(1)),
        new Scheduled(s_at, s_window, ScheduleReason.OffPeak, 1),
        new Scheduled(s_at, s_window, ScheduleReason.WindowClosed, 1),
        new Scheduled(s_at, s_window, ScheduleReason.Retry, 2),
        new Started(1, 3, s_bytes),
        new Started(1, 3, s_bytes, s_at, s_at),
        new ConversationDeleted(s_bytes, 7, new ItemCounts(1, 2, 3, 4, 5), 1, ConfirmedAbsent: true),
        .. Enum.GetValues<SkipReason>().Select(reason => new ConversationSkipped(s_bytes, 8, reason)),
        .. Enum.GetValues<FailureReason>().Select(reason => new Failed(reason, 1, 3, s_bytes, 9)),
        new Failed(FailureReason.ListUnresolved, 4, 0),
        new Completed(
            JobOutcome.Completed, 6, 1, 0, new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 2, [SkipReason.AlreadyErased] = 3 },
            new ItemCounts(1)),
        new Completed(JobOutcome.Failed, 0, 0, 0, new Dictionary<SkipReason, long>(), ItemCounts.None),
        new Completed(JobOutcome.Cancelled, 6, 1, 0, new Dictionary<SkipReason, long>(), ItemCounts.None, 1),
        new BotRegistered("st-1", s_at, "night", "owner@example.com", 30, 365) { Actor = "ada", Reason = "ticket 7" },
        new BotRegistered("st-1", s_at, "night") { Actor = "ada" },
        new BotRegistered("st-1", s_at, "night", WebhookUrl: "https://example.com/hook?to=7&x") { Actor = "ada" },
        new BotChanged("st-1", s_at, "default", "owner@example.com", 60, 365) { Actor = "ada", Reason = "ticket 8" },
        new BotChanged("st-1", s_at, "default", WebhookUrl: "https://example.com/hook") { Actor = "ada" },
        new ClientGranted("st-1", "cs-1", Enum.GetValues<Scope>()) { Actor = "ada" },
        new GrantRevoked("st-1", "cs-1") { Actor = "ada" },
        .. Enum.GetValues<TokenAlgorithm>()
            .Select(algorithm => new ClientRegistered(
                "cs-1", algorithm, true, algorithm > TokenAlgorithm.HS512 ? "-----BEGIN PUBLIC KEY-----\n+/=" : null) { Actor = "ada" }),
        new ClientSecretIssued("cs-1", "9f3a") { Actor = "ada" },
        new ClientSecretRetired("cs-1", "9f3a") { Actor = "ada" },
        new ClientRevoked("cs-1") { Actor = "ada", Reason = "leaked" },
        new WindowDefined("night", "0 0 18 * * ?", "Europe/Berlin", 28_800, 4) { Actor = "ada" },
        new JobKeyDestroyed("st-1", "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c") { Actor = "ledger", Reason = "retention" },
        new EpochKeyDestroyed(7, s_at) { Actor = "ledger" },
        new IdentifiersDisclosed("st-1", "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", "cs-1", "job proof") { Actor = "cs-1" },
        new OriginOpened("ledger.example/b", "ledger.example/a", 14, 15, s_bytes) { Actor = "ada", Reason = "restored" },
        new OriginOpened("ledger.example/b", "ledger.example/a", 0) { Actor = "ada" },
        new ErasedConversationsImported("st-1", 12) { Actor = "ada", Reason = "erased by mistake" },
        new WebhookDisabled("st-1", "https://example.com/hook?to=7&x") { Actor = "ledger", Reason = "the receiver answered 410 (Gone)" },
        new JobCancelled("st-1", "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c") { Actor = "cs-1" },
        new DeletionsPaused("st-1") { Actor = "ada", Reason = "ticket 9" },
        new DeletionsPaused { Actor = "ada", Reason = "a fault in the store" },
        new DeletionsResumed("st-1") { Actor = "ada" },
        new DeletionsResumed { Actor = "ada" },
        new LegalHoldPlaced(Hold, "st-1", RequestType.ConversationIds, [s_bytes, s_bytes], new(2027, 1, 31, 23, 0, 0, TimeSpan.Zero))
        {
            Actor = "cs-1",
            Reason = "case 12 C 345/26",
        },
        new LegalHoldPlaced(Hold, "st-1", RequestType.CId, [s_bytes]) { Actor = "ada", Reason = "case 7" },
        new LegalHoldDisclosed(Hold, "st-1", "cs-1") { Actor = "cs-1" },
        new LegalHoldEnded(Hold, "st-1", HoldEnd.Lifted) { Actor = "ada", Reason = "settled" },
        new LegalHoldEnded(Hold, "st-1", HoldEnd.Expired) { Actor = "ledger" },
        .. Enum.GetValues<CaseBasis>().Select(basis => new CaseRecorded(basis)),
        new CaseRecorded(CaseBasis.Gdpr171B, new DateOnly(2026, 5, 2), new DateOnly(2026, 6, 2), s_bytes),
        new CaseRecorded(ReceivedOn: new DateOnly(2026, 5, 2)),
        new DeadlineExtended(new DateOnly(2026, 8, 2), "many requests \u00e4 <&>", "cs-1"),
        new LedgerAuditGranted("cs-1") { Actor = "ada", Reason = "mirrors the log" },
        new LedgerAuditRevoked("cs-1") { Actor = "ada" },
        new BotLimitsSet("st-1", SubmitsPerMinute: 600, PollsPerHour: 36_000) { Actor = "ada" },
    ];

    private static string Golden => Path.Combine(SourceTree.Root, "tests", "Ledger.Tests", "Golden", "events.jsonl");

    [Fact]
    public void Events_are_stored_in_their_golden_shapes()
    {
        var shapes = s_examples.Select(Shape).ToArray();
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
        {
            File.WriteAllLines(Golden, shapes);
            Assert.Fail($"{Golden} was written: look at its difference");
        }
        Assert.Equal(File.ReadAllLines(Golden), shapes);
    }

    [Fact]
    public void Every_golden_shape_reads_back_as_the_event_that_writes_it()
    {
        foreach (var line in File.ReadAllLines(Golden))
        {
            var parts = line.Split(" | ");
            var read = EventType.Read(parts[0], parts[2]);
            Assert.Equal(line, Shape(read));
            Assert.Equal(parts[0], EventType.Of(read).Name);
        }
    }

    /// <summary>Event and member, of those that may be absent; so may every registry event's reason.</summary>
    private static readonly string[] s_mayBeAbsent =
    [
        "submitted.from", "submitted.to", "started.from", "started.retainedFrom", "failed.commitment", "failed.ordinal",
        "completed.untouchedFrom", "bot_registered.ownerMail", "bot_registered.retentionDays", "bot_registered.keyRetentionDays",
        "bot_changed.ownerMail", "bot_changed.retentionDays", "bot_changed.keyRetentionDays", "bot_registered.webhookUrl",
        "bot_changed.webhookUrl", "client_registered.publicKey", "origin_opened.previousSize", "origin_opened.previousRoot",
        "deletions_paused.bot", "deletions_resumed.bot",
        "legal_hold_placed.until",
        "case_recorded.basis", "case_recorded.receivedOn", "case_recorded.dueOn", "case_recorded.referenceCommitment",
        "bot_limits_set.submitsPerMinute", "bot_limits_set.pollsPerHour",
    ];

    [Fact]
    public void A_stored_event_that_lacks_a_member_is_an_error_and_no_default()
    {
        foreach (var (type, data) in File.ReadAllLines(Golden).Select(line => line.Split(" | ")).Select(parts => (parts[0], parts[2])))
        {
            foreach (var path in Paths(JsonNode.Parse(data)!.AsObject()))
            {
                var cut = JsonNode.Parse(data)!.AsObject();
                var holder = path[..^1].Aggregate(cut, (node, name) => node[name]!.AsObject());
                Assert.True(holder.Remove(path[^1]));
                if (path[^1] == "reason" && type is not ("scheduled" or "failed" or "conversation_skipped" or "deadline_extended")
                    || s_mayBeAbsent.Contains($"{type}.{string.Join('.', path)}"))
                    Assert.NotNull(EventType.Read(type, cut.ToJsonString()));
                else
                    Assert.Throws<JsonException>(() => EventType.Read(type, cut.ToJsonString()));
            }
        }
    }

    /// <summary>Of every member, those of its objects included, how to come there; a count by reason is no member but an entry.</summary>
    private static IEnumerable<string[]> Paths(JsonObject node) =>
        node.SelectMany(member =>
            (IEnumerable<string[]>)
                [
                    [member.Key],
                    .. member is { Key: not "skipped", Value: JsonObject inner }
                        ? Paths(inner).Select(path => (string[])[member.Key, .. path])
                        : [],
                ]
        );

    [Fact]
    public void Every_concrete_event_of_the_contracts_is_on_the_closed_list_and_has_a_golden_shape()
    {
        var events = typeof(JobEvent)
            .Assembly.GetTypes()
            .Where(type => !type.IsAbstract && (type.IsAssignableTo(typeof(JobEvent)) || type.IsAssignableTo(typeof(RegistryEvent))))
            .ToHashSet();
        Assert.Equal(33, events.Count);
        Assert.True(events.SetEquals(EventType.All.Select(type => type.ClrType)));
        Assert.True(events.SetEquals(s_examples.Select(example => example.GetType())));
        Assert.All(events, type => Assert.True(type.IsSealed, $"{type.Name} is not sealed"));
    }

    [Fact]
    public void A_name_is_the_snake_case_of_the_events()
    {
        Assert.All(EventType.All, type => Assert.Equal(Words().Replace(type.ClrType.Name, "_$1").ToLowerInvariant(), type.Name));
        Assert.Equal("conversation_deleted", EventType.Of(s_examples.OfType<ConversationDeleted>().First()).Name);
    }

    [Theory]
    [InlineData("conversation_restored")]
    [InlineData("Submitted")]
    [InlineData("")]
    public void An_event_of_an_unknown_type_is_not_skipped_silently(string type) =>
        Assert.Contains(
            "unknown event type", Assert.Throws<NotSupportedException>(() => EventType.Read(type, "{}")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_numbers_of_reasons_are_stored_and_never_change()
    {
        Assert.Equal(
            ["Retention=1", "NotFound=2", "AlreadyErased=3", "LegalHold=4", "Cancelled=5"],
            Enum.GetValues<SkipReason>().Select(reason => $"{reason}={(int)reason}"));
        Assert.Equal(
            ["StoreRefused=1", "Locked=2", "Timeout=3", "NotConfirmed=4", "ListUnresolved=5"],
            Enum.GetValues<FailureReason>().Select(reason => $"{reason}={(int)reason}"));
    }

    private static string Shape(object @event)
    {
        var type = EventType.Of(@event);
        return $"{type.Name} | {type.ClrName} | {type.Write(@event)}";
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Words();
}
