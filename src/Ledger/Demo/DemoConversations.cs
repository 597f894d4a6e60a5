using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Contracts;

namespace Ledger.Demo;

/// <summary>
/// Made-up conversations with every kind of item: the same in every run, but for the run's name in all ids. What varies is drawn from the
/// SHA-256 of a counter.
/// </summary>
internal sealed class DemoConversations(string run)
{
    private const int Conversations = 600;
    private const int ChannelUsers = 40;
    private const int MinutesApart = 12 * 60;

    private static readonly DateTimeOffset FirstStartedAt = new(2025, 1, 6, 8, 0, 0, TimeSpan.Zero);

    private static readonly string[] s_channels = ["rtm", "web", "voice", "sms"];

    private static readonly string[] s_sentences =
    [
        "Where is my parcel?", "It left our house this morning.", "I would like to move my appointment.", "Which day would suit you?",
        "The invoice shows a wrong amount.", "Thank you, I have corrected it.", "Can I change my address?",
        "Of course. What is the new one?", "Please cancel my order.", "Done. You will get your money back within a week.",
    ];

    public static readonly DateTimeOffset BotCreatedAt = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public string Bot => $"st-demo-{run}";

    /// <summary>A conversation that only the twin is given.</summary>
    public string TwinOnlyId => Id(Conversations);

    /// <summary>An id in the form of the others that no conversation has.</summary>
    public static string UnknownId => new('0', 24);

    /// <summary>JSON Lines, as <c>ledger import</c> takes them.</summary>
    /// <param name="extraId">One more conversation, if not null.</param>
    public Stream Lines(string? extraId = null)
    {
        var lines = new MemoryStream();
        for (var i = 0; i < Conversations + (extraId is null ? 0 : 1); i++)
        {
            using (var json = new Utf8JsonWriter(lines))
                Write(json, i);
            lines.WriteByte((byte)'\n');
        }
        lines.Position = 0;
        return lines;
    }

    private string Id(int i) => run + Convert.ToHexStringLower(Dice("id", i)[..8]);

    private void Write(Utf8JsonWriter json, int i)
    {
        var dice = Dice("conversation", i);
        // The square makes a long tail: a few users have many conversations.
        var share = BinaryPrimitives.ReadUInt16BigEndian(dice) / 65536.0;
        var startedAt = FirstStartedAt.AddMinutes((long)i * MinutesApart + dice[2]);
        json.WriteStartObject();
        json.WriteString("botId", Bot);
        json.WriteString("conversationId", Id(i));
        json.WriteString("cId", $"u-{run}-{(int)(share * share * ChannelUsers):D2}");
        json.WriteString("channel", s_channels[dice[3] % s_channels.Length]);
        json.WriteString("startedAt", Instant.Text(startedAt));
        WriteItems(json, "messages", 2 + dice[4] % 8, startedAt, WriteMessage);
        WriteItems(json, "transcripts", dice[5] % 2, startedAt, (item, n) => item.WriteString("text", s_sentences[n % s_sentences.Length]));
        WriteItems(
            json,
            "recordings",
            dice[6] % 3,
            startedAt,
            (item, n) => item.WriteString("url", $"https://recordings.example/{i}/{n}.ogg")
        );
        WriteItems(json, "attachments", dice[7] % 2, startedAt, (item, n) => item.WriteString("name", $"invoice-{i}-{n}.pdf"));
        WriteItems(json, "logs", 1 + dice[8] % 3, startedAt, (item, n) => item.WriteString("entry", $"intent recognised in {20 + n} ms"));
        json.WriteEndObject();

        void WriteMessage(Utf8JsonWriter item, int n)
        {
            item.WriteString("type", n % 2 == 0 ? "incoming" : "outgoing");
            item.WriteString("text", s_sentences[(dice[9] / 2 * 2 + n) % s_sentences.Length]);
        }
    }

    private static void WriteItems(Utf8JsonWriter json, string kind, int count, DateTimeOffset startedAt, Action<Utf8JsonWriter, int> write)
    {
        json.WriteStartArray(kind);
        for (var n = 0; n < count; n++)
        {
            json.WriteStartObject();
            json.WriteString("createdOn", Instant.Text(startedAt.AddSeconds(7 * n)));
            write(json, n);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static byte[] Dice(string what, int i) =>
        SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{what} {i}")));
}
