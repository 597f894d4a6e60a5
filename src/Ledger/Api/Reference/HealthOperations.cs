using Ledger.Web;

namespace Ledger.Api.Reference;

/// <summary>The description of health's operations (contract §6).</summary>
internal static class HealthOperations
{
    public static Operation Live { get; } = new()
    {
        Tag = Tag.Health,
        Summary = "Whether the process answers.",
        Description = "Asks nothing of the database. If this is not answered, restart the process.",
        Answers = [Answer.Json(200, "It does.", "Live", Example.Json("live", """{"status":"live"}"""))],
        NeedsDatabase = false,
    };

    public static Operation Ready { get; } =
        new()
        {
            Tag = Tag.Health,
            Summary = "Whether the node can do its work.",
            Description =
                "Asks the database, the keys, the scheduler and the log. docs/operations.md says of each message what to do. "
                + "A warning keeps no node from its work.",
            Answers = [Answer.Json(200, "It can.", "Ready", Example.Json("ready", """{"status":"ready","warnings":[]}"""))],
            Refusals =
            [
                new(
                    "not ready", "It cannot: one entry per problem, each beginning with what was asked.",
                    new ErrorAnswer(503, 503, ["database: the database cannot be reached"], 5)),
            ],
            NeedsDatabase = false,
        };
}
