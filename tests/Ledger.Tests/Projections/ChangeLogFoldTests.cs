using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;

namespace Ledger.Tests.Projections;

public sealed class ChangeLogFoldTests
{
    private static readonly Guid s_stream = new("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    private static readonly DateTimeOffset s_noon = new(2026, 5, 8, 12, 0, 0, TimeSpan.Zero);

    private long _version;

    [Fact]
    public void An_entrys_id_is_the_named_UUID_of_stream_and_first_version()
    {
        var entry = new LoggedEntry("st-1", s_stream, 4, 6, 10, 12, s_noon, null);
        // uuid5(UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8'), '4') of Python's standard library.
        Assert.Equal(new Guid("6ed955c6-506a-5343-9be4-2c0afae02eef"), entry.Id);
    }

    [Fact]
    public void Consecutive_outcomes_of_one_instant_are_one_entry_and_every_other_event_is_one_of_its_own()
    {
        var fold = new ChangeLogFold(s_stream, StreamIds.JobType);
        var entries = Fold(fold, Submitted, Started, Deleted(0, 2), Skipped(1), FailedOne(2), After(Deleted(3, 1)), Deleted(4, 1), End);
        Assert.Equal(
            ["1-1 at 101-101", "2-2 at 102-102", "3-5 at 103-105", "6-7 at 106-107", "8-8 at 108-108"],
            entries.Select(entry => $"{entry.FirstVersion}-{entry.LastVersion} at {entry.FirstLeaf}-{entry.Position}"));
        Assert.All(entries, entry => Assert.Equal("st-1", entry.Bot));
        Assert.Equal(
            [
                null, null,
                """{"deleted":1,"failed":1,"skipped":{"legal_hold":1},"items":{"messages":2,"transcripts":0,"recordings":0,"attachments":0,"logs":0}}""",
                """{"deleted":2,"failed":0,"skipped":{},"items":{"messages":2,"transcripts":0,"recordings":0,"attachments":0,"logs":0}}""",
                null,
            ],
            entries.Select(entry => entry.Outcomes));
    }

    [Fact]
    public void A_whole_attempts_failure_is_no_outcome()
    {
        var entries = Fold(new(s_stream, StreamIds.JobType), Submitted, FailedOne(0), new Failed(FailureReason.ListUnresolved, 1, 3));
        Assert.Equal([null, "outcomes", null], entries.Select(entry => entry.Outcomes is null ? null : "outcomes"));
    }

    [Fact]
    public void A_fold_that_begins_behind_the_first_event_gives_the_same_entries()
    {
        object[] events = [Submitted, Started, Deleted(0, 1), Deleted(1, 1), End];
        var whole = Fold(new(s_stream, StreamIds.JobType), events);
        _version = 2;
        var bot = ChangeLogFold.BotOf(Bytes(EventType.Of(Submitted).Write(Submitted)));
        Assert.Equal(whole.Skip(2), Fold(new(s_stream, StreamIds.JobType, bot), events[2..]));
    }

    [Theory]
    [InlineData("""{"bot":"st-1"}""", "st-1")]
    [InlineData("""{"other":{"bot":"st-2"},"bot":"st-1"}""", "st-1")]
    [InlineData("""{"other":[{"bot":"st-2"}]}""", null)]
    [InlineData("""{"bot":7}""", null)]
    [InlineData("""{"bot":null}""", null)]
    [InlineData("[]", null)]
    [InlineData("7", null)]
    public void The_first_event_names_the_bot(string first, string? bot) => Assert.Equal(bot, ChangeLogFold.BotOf(Bytes(first)));

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_name_that_no_bot_can_have_is_none(int characters, bool isName) =>
        Assert.Equal(
            isName,
            ChangeLogFold.BotOf(Bytes($$"""{"bot":"{{string.Concat(Enumerable.Repeat("😀", characters))}}"}""")) is not null
        );

    [Theory]
    [InlineData("conversation_deleted", """{"items": {"messages": "many"}}""")]
    [InlineData("conversation_deleted", "[]")]
    [InlineData("conversation_deleted", """{"commitment":null,"ordinal":0,"items":null,"attempt":1,"confirmedAbsent":true}""")]
    [InlineData("conversation_deleted", "null")]
    [InlineData("failed", """{"reason":77,"attempt":1,"retriesRemaining":3,"ordinal":null}""")]
    [InlineData("conversation_skipped", """{"commitment":"","ordinal":1,"reason":"no_such"}""")]
    [InlineData("failed", "\"text\"")]
    [InlineData("from_the_future", "{}")]
    public void What_cannot_be_read_is_an_entry_of_its_own_between_outcomes(string type, string data)
    {
        var fold = new ChangeLogFold(s_stream, StreamIds.JobType, "st-1");
        Assert.Null(fold.Add(10, 4, "conversation_skipped", s_noon, Bytes(EventType.Of(Skipped(0)).Write(Skipped(0)))));
        Assert.Equal((4, 4), Versions(fold.Add(11, 5, type, s_noon, Bytes(data))));
        Assert.Equal((5, 5), Versions(fold.Add(12, 6, "conversation_skipped", s_noon, Bytes(EventType.Of(Skipped(0)).Write(Skipped(0))))));
        Assert.Equal((6, 6), Versions(fold.End()));
        Assert.Null(fold.End());
    }

    [Theory]
    [InlineData(StreamIds.ClientType)]
    [InlineData(StreamIds.LogType)]
    [InlineData(null)]
    public void Other_streams_have_no_entries(string? type) => Assert.Empty(Fold(new(s_stream, type), Submitted, Started));

    [Fact]
    public void A_bots_events_are_entries_each_and_never_outcomes()
    {
        var registered = new BotRegistered("st-1", s_noon, "night") { Actor = "ada" };
        Assert.Equal(
            ["1-1", "2-2"],
            Fold(new(s_stream, StreamIds.BotType), registered, Skipped(0)).Select(entry => $"{entry.FirstVersion}-{entry.LastVersion}"));
    }

    [Fact]
    public void Entries_are_the_same_in_whatever_order_the_members_of_their_outcomes_are_stored()
    {
        var entry = new LoggedEntry("st-1", s_stream, 4, 6, 10, 12, s_noon, """{"a":1,"b":{"c":2,"d":3}}""");
        Assert.Equal(entry, entry with { Outcomes = """{"b": {"d": 3, "c": 2}, "a": 1}""" });
        Assert.NotEqual(entry, entry with { Outcomes = """{"b": {"d": 3, "c": 2}, "a": 2}""" });
        Assert.NotEqual(entry, entry with { Outcomes = null });
        Assert.NotEqual(entry, entry with { Id = Guid.Empty });
    }

    [Fact]
    public void What_no_leaf_has_of_an_instant_does_not_count()
    {
        var fold = new ChangeLogFold(s_stream, StreamIds.JobType, "st-1");
        var data = Bytes(EventType.Of(Skipped(0)).Write(Skipped(0)));
        Assert.Null(fold.Add(10, 4, "conversation_skipped", s_noon.AddMicroseconds(100), data));
        Assert.Null(fold.Add(11, 5, "conversation_skipped", s_noon.AddMicroseconds(900), data));
        Assert.Equal((4, 5, s_noon), fold.End() is var entry ? (entry!.FirstVersion, entry.LastVersion, entry.CreatedAt) : default);
    }

    private static Submitted Submitted => new("st-1", RequestType.CId, [new byte[32]], "cs-1");

    private static Started Started => new(1, 5, new byte[32]);

    private static Completed End => new(JobOutcome.Completed, 5, 5, 0, new Dictionary<SkipReason, long>(), ItemCounts.None);

    private static ConversationDeleted Deleted(long ordinal, long messages) =>
        new(new byte[32], ordinal, new ItemCounts(messages), 1, true);

    private static ConversationSkipped Skipped(long ordinal) => new(new byte[32], ordinal, SkipReason.LegalHold);

    private static Failed FailedOne(long ordinal) => new(FailureReason.Locked, 1, 3, new byte[32], ordinal);

    /// <summary>This event and those after it are of a later instant.</summary>
    private static Later After(object @event) => new(@event);

    private sealed record Later(object Event);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static (long, long) Versions(LoggedEntry? entry) => (entry!.FirstVersion, entry.LastVersion);

    /// <summary>Leaf 101 is version 1.</summary>
    private List<LoggedEntry> Fold(ChangeLogFold fold, params object[] events)
    {
        var (entries, at) = (new List<LoggedEntry>(), s_noon);
        foreach (var one in events)
        {
            if (one is Later)
                at = at.AddMilliseconds(1);
            var @event = one is Later later ? later.Event : one;
            if (fold.Add(100 + ++_version, _version, EventType.Of(@event).Name, at, Bytes(EventType.Of(@event).Write(@event))) is { } entry)
                entries.Add(entry);
        }
        if (fold.End() is { } last)
            entries.Add(last);
        return entries;
    }
}
