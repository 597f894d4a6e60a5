using Ledger.Certificates;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Ledger.Web;
using Microsoft.OpenApi;

namespace Ledger.Api.Reference;

/// <summary>The bodies of the API, by their names in <c>/openapi/v1.json</c>.</summary>
internal static class Schemas
{
    public static IReadOnlyDictionary<string, OpenApiSchema> All { get; } =
        new Dictionary<string, OpenApiSchema>
        {
            ["DeletionRequest"] = RequestSchemas.DeletionRequest(),
            ["Accepted"] = BodySchema.Of(ApiJson.Readable.QueuedJob),
            ["Preview"] = BodySchema.Of(ApiJson.Readable.Preview),
            ["JobStatus"] = BodySchema.Of(DocumentJson.Default.JobStatus),
            ["JobList"] = BodySchema.Of(ApiJson.Readable.JobPage),
            ["Outcomes"] = BodySchema.Of(ApiJson.Readable.OutcomePage),
            ["LegalHoldRequest"] = RequestSchemas.LegalHoldRequest(),
            ["LegalHold"] = BodySchema.Of(ApiJson.Readable.HoldDetail),
            ["LegalHoldList"] = BodySchema.Of(ApiJson.Readable.HoldPage),
            ["ChangeLog"] = BodySchema.Of(ChangeLogJson.Readable.IReadOnlyListChangeLogEntry, "Entries in log order, oldest first."),
            ["Events"] = BodySchema.Of(ApiJson.Readable.IReadOnlyListShownEvent, "In the order of their versions."),
            ["Certificate"] = BodySchema.Of(CertificateJson.Readable.Certificate),
            ["DeadlineExtensionRequest"] = RequestSchemas.DeadlineExtensionRequest(),
            ["ConversationProofRequest"] = RequestSchemas.ConversationProofRequest(),
            ["Errors"] = BodySchema.Of(ErrorJson.Readable.ErrorList),
            ["Live"] = BodySchema.Of(ApiJson.Default.Live),
            ["Ready"] = BodySchema.Of(ApiJson.Default.Ready),
        };
}
