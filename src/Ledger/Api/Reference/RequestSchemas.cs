using Ledger.Api.Cases;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Holds;
using Microsoft.OpenApi;
using static Ledger.Api.Reference.Schema;

namespace Ledger.Api.Reference;

/// <summary>
/// The bodies that clients send. They are written by hand, as their parsers are. <see cref="DeletionRequestParser"/> reads members that
/// exclude each other, and no type has them all.
/// </summary>
internal static class RequestSchemas
{
    public static OpenApiSchema DeletionRequest() =>
        new()
        {
            OneOf = [ById(), ByChannelUser()],
            Description =
                "Which conversations to delete: those named, or a channel user's. Any other member is refused: a deletion is never "
                + "guessed at.",
        };

    public static OpenApiSchema ConversationProofRequest() =>
        Closed(
            Api.ConversationProofRequest.Member,
            (
                Api.ConversationProofRequest.Member,
                Identifier("The conversation. It is sent in the body because ids are never part of a URL.")
            )
        );

    public static OpenApiSchema LegalHoldRequest()
    {
        var ids = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = Identifier(),
            MinItems = 1,
            MaxItems = Limits.ConversationIdsPerRequest,
            Description = "Conversations to hold, counted before duplicates are dropped.",
        };
        return new OpenApiSchema
        {
            OneOf =
            [
                Held("by id", ("conversationIds", ids), ("cId", Null())),
                Held(
                    "by channel user",
                    ("cId", Identifier("The channel user whose conversations to hold, also those that come later.")),
                    ("conversationIds", Null())),
            ],
            Description = "What to hold: named conversations, or all of a channel user. Any other member is refused.",
        };
    }

    private static OpenApiSchema Held(string title, params (string Name, OpenApiSchema Schema)[] members)
    {
        var reason = Text("Why. It is recorded for ever: no personal data.");
        (reason.MinLength, reason.MaxLength) = (1, HoldRequest.ReasonCharacters);
        var until = Text("When it ends by itself: an instant in the future, with `Z` or an offset.", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T.+$");
        until.Type |= JsonSchemaType.Null;
        var schema = Closed(members[0].Name, [.. members, ("reason", reason), ("until", until)]);
        schema.Required!.Add("reason");
        schema.Title = title;
        return schema;
    }

    private static OpenApiSchema ById()
    {
        var ids = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = Identifier(),
            MinItems = 1,
            MaxItems = Limits.ConversationIdsPerRequest,
            Description = "Conversations to delete, counted before duplicates are dropped. With them, dates are not even read.",
        };
        var ignored = new OpenApiSchema { Description = "Ignored." };
        var schema = Closed("conversationIds", ("conversationIds", ids), ("cId", Null()), ("startDate", ignored), ("endDate", ignored),
            ("case", Case()));
        schema.Title = "by id";
        return schema;
    }

    private static OpenApiSchema ByChannelUser()
    {
        var schema = Closed(
            "cId",
            ("cId", Identifier("The channel user whose conversations to delete.")),
            ("conversationIds", Null()),
            (
                "startDate",
                Date(
                    "Inclusive, by a conversation's start: `YYYY-MM-DD`, or an instant with `Z` or an offset. Unless told: the later "
                    + "of the channel user's and the bot's creation, and never after the channel user's first conversation.")
            ),
            (
                "endDate",
                Date(
                    "Inclusive: `YYYY-MM-DD` (to the end of that day in UTC), or an instant with `Z` or an offset. Unless told: "
                    + "today in UTC; never a later day.")
            ),
            ("case", Case())
        );
        schema.Title = "by channel user";
        return schema;
    }

    private static OpenApiSchema Case()
    {
        var reference = Visible(
            Limits.ReferenceCharacters, "The client's own reference. It is sealed with the request, and dies with the job's key.");
        var basis = Text(
            "The ground of the request: a point of GDPR Article 17(1), the CCPA, or another one.",
            $"^({string.Join('|', Enum.GetValues<CaseBasis>().Select(CaseText.Of))})$");
        var schema = Closed(
            null,
            (CaseMembers.Reference, reference),
            (CaseMembers.ReceivedOn, Day("The day on which the request was received; never after today in UTC.")),
            (CaseMembers.Basis, basis),
            (CaseMembers.DueOn, Day(
                "The last day on which the deletion is in time, not before `receivedOn`. Unless told: a month after `receivedOn` for GDPR, "
                + "45 days for CCPA, none for `other`, without a basis and without `receivedOn`.")));
        foreach (var member in schema.Properties!.Values.Cast<OpenApiSchema>())
            member.Type |= JsonSchemaType.Null;
        schema.MinProperties = 1;
        schema.Type |= JsonSchemaType.Null;
        schema.Description = "The request behind the deletion. It has at least one member.";
        return schema;
    }

    public static OpenApiSchema DeadlineExtensionRequest()
    {
        var schema = Closed(
            CaseMembers.DueOn,
            (CaseMembers.DueOn, Day("The new deadline. It is later than the one before it.")),
            (Api.Cases.DeadlineExtensionRequest.ReasonMember, Visible(
                Limits.ReasonCharacters, "The reason. It is recorded for ever, so it must hold no personal data.")));
        schema.Required!.Add(Api.Cases.DeadlineExtensionRequest.ReasonMember);
        return schema;
    }

    private static OpenApiSchema Day(string description) => Text(description, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

    private static OpenApiSchema Visible(int most, string description) =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = most, Description = description };

    private static OpenApiSchema Null() => new() { Type = JsonSchemaType.Null, Description = "As if absent." };

    private static OpenApiSchema Date(string description)
    {
        var schema = Text(description, "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$");
        schema.Type |= JsonSchemaType.Null;
        return schema;
    }

    /// <summary>An object with no other members than these.</summary>
    /// <param name="required">The one that must be there. Null for none.</param>
    private static OpenApiSchema Closed(string? required, params (string Name, OpenApiSchema Schema)[] members) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)member.Schema),
            Required = required is null ? [] : new HashSet<string> { required },
            AdditionalPropertiesAllowed = false,
        };
}
