using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Tests.Verifier;

namespace Ledger.Tests.Contracts.Transparency.Proofs;

/// <summary>A row is read as its leaf is, in whatever form it comes.</summary>
public sealed class JobEventReaderTests
{
    private const string Skipped = """{"reason": "retention", "ordinal": 1, "commitment": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}""";

    [Fact]
    public void Rows_that_were_changed_are_read_as_their_leaves_are()
    {
        (string Type, byte[] Data)[] rows =
        [
            .. ChangedJobs.Honest.SelectMany(job => job.Stored)
                .SelectMany(e => new[] { Encoding.UTF8.GetBytes(e.Data), Spaced(e.Type, e.Data) }.Select(data => (e.Type, data))),
        ];
        var read = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            var chance = Chance.Of(seed);
            var (type, data) = rows[chance.Below(rows.Length)];
            data = chance.Below(3) == 0 ? data : chance.Change(data);
            var row = Said(() => JobEventReader.ReadRow(type, data));
            Assert.Equal(Said(() => JobEventReader.Read(new LeafEntry("", 1, type, default, Jcs.Canonicalize(data)))), row);
            read += row.StartsWith('{') ? 1 : 0;
        }
        Assert.InRange(read, 5_000, 19_000);
    }

    [Theory]
    [InlineData("\"ordinal\": 1,", "\"ordinal\": 9007199254740992,")]
    [InlineData("\"ordinal\": 1,", "\"ordinal\": 1, \"ordinal\": 1,")]
    [InlineData("\"ordinal\": 1,", "\"ordinal\": 1, \"note\": 1,")]
    [InlineData("\"ordinal\": 1,", "\"ordinal\": 1.0,")]
    [InlineData("\"retention\"", "1")]
    [InlineData("AAA=", "AAB=")]
    public void A_row_that_is_no_leaf_or_no_event_is_refused(string from, string to) => Assert.Throws<FormatException>(() =>
        JobEventReader.ReadRow("conversation_skipped", Encoding.UTF8.GetBytes(Skipped.Replace(from, to, StringComparison.Ordinal))));

    [Fact]
    public void Numbers_and_texts_at_the_edge_of_a_leaf_are_read()
    {
        var large = Skipped.Replace("\"ordinal\": 1,", $"\"ordinal\": {Jcs.MaxInteger},", StringComparison.Ordinal);
        Assert.Equal(
            Jcs.MaxInteger,
            ((ConversationSkipped)JobEventReader.ReadRow("conversation_skipped", Encoding.UTF8.GetBytes(large)).Event!).Ordinal);
        var request = (Submitted)ChangedJobs.Honest[0].Events[0].Event with { Bot = "a \"b\" \\ \u2028 é 😀" };
        Assert.Equal(
            request.Bot, ((Submitted)JobEventReader.ReadRow("submitted", EventType.Of(request).WriteSorted(request)).Event!).Bot);
    }

    /// <summary>As PostgreSQL gives it.</summary>
    private static byte[] Spaced(string type, string data)
    {
        var @event = EventType.Read(type, data);
        return Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(EventType.Of(@event).WriteAsStored(@event))
                .Replace("\":", "\": ", StringComparison.Ordinal)
                .Replace(",\"", ", \"", StringComparison.Ordinal));
    }

    private static string Said(Func<ReadEvent> read)
    {
        try
        {
            var said = read();
            return said.Event is { } @event ? EventType.Of(@event).Write(@event) : string.Join(", ", said.Unknown);
        }
        catch (FormatException)
        {
            return "refused";
        }
    }
}
