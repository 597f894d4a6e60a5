using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>The description of the log's operations (contract §6).</summary>
internal static class LogOperations
{
    private const string SampleCheckpoint = """
        ledger.example.com/log
        13
        inyKYJ53HfRAEwVT/Ha68TNIrEfdP2/wZnF9jAbZGfU=

        — ledger.example.com/log JcOEvb6D/5NVEeMHXwHZbH/Mu05YwABgRqe1Z7cJRAnjUBYMdWrHGxjGdAGDlkActxmPFJcLvQSaUsRSngtV8Er8fAA=

        """;

    private static readonly OpenApiParameter Number = Parameters.InPath(
        "number",
        "Which one, as c2sp.org/tlog-tiles writes it: `067`, `x001/067`, and `.p/W` behind it for the first W alone. Its slashes are "
        + "sent as they are.",
        Schema.Text(pattern: "^(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$"), "000.p/5");

    private static readonly Refused NoTile = new(
        "no such tile", "The published log has no such tile, or none so wide.", LogEndpoints.NoTile);

    public static Operation Checkpoint { get; } =
        new()
        {
            Tag = Tag.Log,
            Summary = "The log's latest published checkpoint.",
            Description =
                "A signed note (c2sp.org/tlog-checkpoint): the log's name, its size, its root hash, and the signatures of the log and "
                + "its witnesses.",
            Parameters = [Parameters.IfNoneMatch],
            Answers =
            [
                new Answer(200, "The checkpoint.")
                {
                    Contents = [new Content("text/plain", Schema: null, Example.Text("13 leaves", SampleCheckpoint))],
                    Headers = [Header.ETag],
                },
                Answer.Unchanged,
            ],
            Refusals = [new("nothing published", "Nothing is published yet.", LogEndpoints.NothingPublished), Refused.LogUnavailable],
        };

    public static Operation Tile { get; } =
        new()
        {
            Tag = Tag.Log,
            Summary = "A tile of the log's tree.",
            Description = "256 hashes of 32 bytes, or the first W of them. A full tile never changes.",
            Parameters =
            [
                Parameters.InPath(
                    "level", "The tile's level, 0 to 63; 0 holds the leaves' hashes.", Schema.Text(pattern: "^[0-9]{1,2}$"), "0"),
                Number, Parameters.IfNoneMatch,
            ],
            Answers = [Bytes("The hashes."), Answer.Unchanged],
            Refusals = [NoTile, Refused.LogUnavailable],
        };

    public static Operation Entries { get; } =
        new()
        {
            Tag = Tag.Log,
            Summary = "A bundle of log entries, of all bots.",
            Description =
                "256 entries, or the first W of them, each behind its length in two bytes, big-endian. They hold every bot's events, so "
                + "the scope must be granted for all bots, present and future (`*`), or for each of them.",
            Parameters = [Number, Parameters.IfNoneMatch],
            Answers = [Bytes("The entries."), Answer.Unchanged],
            Refusals = [NoTile, Refused.LogUnavailable],
        };

    private static Answer Bytes(string description) =>
        new(200, description)
        {
            Contents = [new Content("application/octet-stream", Schema: null)],
            Headers = [Header.ETag],
        };
}
