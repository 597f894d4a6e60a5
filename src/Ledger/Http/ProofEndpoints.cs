using System.Text;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Identifiers;
using Ledger.Jobs;
using Ledger.Registry;
using Ledger.Transparency;
using Ledger.Transparency.Proofs;
using Npgsql;

namespace Ledger.Http;

/// <summary>
/// <c>GET …/{jobId}/proof</c>: the job's erasure proof, as it is read. <c>POST …/{jobId}/proof</c> with <c>{"conversationId"}</c>: that conversation's
/// <c>.tlog-proof</c> (contract §6).
/// </summary>
internal static class ProofEndpoints
{
    private const string Plain = "text/plain; charset=utf-8";

    private static readonly ErrorAnswer Forgotten =
        new(404, "the identifiers of this job were destroyed with its key, so no conversation can be looked up by its id any more; the job's own proof is still there");
    private static readonly ErrorAnswer NotInJob = new(404, "the job has no outcome for such a conversation");

    public static void Map(RouteGroupBuilder deletions)
    {
        var mayProve = ScopeRequirement.OneOf(Scope.DeleteConversations, Scope.ErasureProofs);
        deletions.MapGet("/{jobId}/proof", JobAsync).RequireAuthorization(mayProve)
            .WithName("getErasureProof")
            .WithSummary("The erasure proof of a job that has ended, for the client that submitted it and for Erasure Proofs.")
            .Describe(OpenApi.JobProof);
        deletions.MapPost("/{jobId}/proof", ConversationAsync).RequireAuthorization(mayProve)
            .WithName("getConversationProof")
            .WithSummary("The proof of what became of one conversation of a job that has ended. The id is sent in the body: ids are never part of a URL.")
            .Describe(OpenApi.ConversationProof);
    }

    private static async Task<IResult> JobAsync(
        HttpContext context, RateLimits limits, JobReader jobs, NpgsqlDataSource database, PublishedLog log, KeyFolder keys, JobProver prover, RegistryStore registry)
    {
        var (job, refusal) = await ProofAccess.AllowAsync(context, limits, jobs);
        if (refusal is not null)
            return refusal;
        var query = new QueryParameters(context.Request.Query, "ids");
        var withIds = query.OneOf("ids", "true", "false") != "false";
        if (query.Problems.Count > 0)
            return query.Refusal();
        (var provable, refusal) = await ProofAccess.ProvableAsync(database, log, job, context.RequestAborted);
        if (provable is null)
            return refusal!;
        var key = withIds ? provable.OpenKey(keys) : null;
        if (key is not null)
            await RecordAsync(registry, Caller.Of(context), job, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Stream(body => prover.WriteAsync(provable, key, body, context.RequestAborted), Plain, $"{job}.erasure-proof");
    }

    private static async Task<IResult> ConversationAsync(
        HttpContext context, RateLimits limits, JobReader jobs, NpgsqlDataSource database, PublishedLog log, KeyFolder keys, ConversationProver prover)
    {
        var (job, refusal) = await ProofAccess.AllowAsync(context, limits, jobs);
        if (refusal is not null)
            return refusal;
        if (!RequestHeaders.AnnounceJson(context.Request))
            return new ErrorAnswer(415, "Content-Type must be application/json; the only charset is UTF-8, and the body must not be compressed");
        if (await RequestBody.ReadAsync(context.Request, context.RequestAborted) is not { } body)
            return new ErrorAnswer(413, $"the body must have at most {Limits.BodyBytes} bytes");
        var request = ConversationProofRequest.Parse(body);
        if (request.ConversationId is not { } conversation)
            return new ErrorAnswer(400, 400, request.Problems);
        (var provable, refusal) = await ProofAccess.ProvableAsync(database, log, job, context.RequestAborted);
        if (provable is null)
            return refusal!;
        if (provable.OpenKey(keys) is not { } key)
            return Forgotten;
        if (await prover.ProveAsync(provable, key, conversation, context.RequestAborted) is not { } proof)
            return NotInJob;
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(Encoding.UTF8.GetBytes(proof.ToString()), Plain, $"{job}-{proof.Index}.tlog-proof");
    }

    /// <summary>Before anything is handed out: what is recorded and then not received is the smaller harm.</summary>
    private static async Task RecordAsync(RegistryStore registry, Caller caller, JobId job, CancellationToken cancel)
    {
        var record = new RecordDisclosure(caller.Bot.BotId, job.ToString(), caller.ClientId, ProvableJob.Disclosed, caller.ClientId, Reason: null);
        if (await registry.ExecuteAsync(caller.Bot.BotId, record, cancel) is { } rejection)
            throw new InvalidOperationException(rejection.Message); // the bot was there a moment ago, and none is ever removed
    }
}
