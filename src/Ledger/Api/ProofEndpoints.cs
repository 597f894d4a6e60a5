using System.Text;
using Ledger.Api.Reference;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Proofs;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Web.Tokens;
using Npgsql;

namespace Ledger.Api;

/// <summary>
/// <c>GET …/{jobId}/proof</c>: the job's erasure proof, written while it is read. <c>POST …/{jobId}/proof</c> with
/// <c>{"conversationId"}</c>: that conversation's <c>.tlog-proof</c> (contract §6).
/// </summary>
internal static class ProofEndpoints
{
    private const string Plain = "text/plain; charset=utf-8";

    internal static readonly ErrorAnswer Forgotten = new(
        404,
        "the identifiers of this job were destroyed with its key, so no conversation can be looked up by its id any more; the job's own "
        + "proof is still there"
    );
    internal static readonly ErrorAnswer NotInJob = new(404, "the job has no outcome for such a conversation");

    public static void Map(RouteGroupBuilder deletions)
    {
        var mayProve = ScopeRequirement.OneOf(Scope.DeleteConversations, Scope.ErasureProofs);
        deletions.MapGet("/{jobId}/proof", JobAsync).RequireAuthorization(mayProve)
            .WithName("getErasureProof")
            .Describe(ProofOperations.OfJob);
        deletions.MapPost("/{jobId}/proof", ConversationAsync).RequireAuthorization(mayProve)
            .WithName("getConversationProof")
            .Describe(ProofOperations.OfConversation);
    }

    private static async Task<IResult> JobAsync(
        HttpContext context, RateLimits limits, JobReader jobs, NpgsqlDataSource database, PublishedLog log, KeyFolder keys,
        JobProver prover, RegistryStore registry)
    {
        var (job, refusal) = await ProofAccess.AllowAsync(context, limits, jobs);
        if (refusal is not null)
            return refusal;
        var query = new QueryParameters(context.Request, "ids");
        var withIds = query.OneOf("ids", "true", "false") != "false";
        if (query.Problems.Count > 0)
            return query.Refusal();
        (var provable, refusal) = await ProofAccess.ProvableAsync(database, log, job, context.RequestAborted);
        if (provable is null)
            return refusal!;
        var key = withIds ? provable.OpenKey(keys) : null;
        if (key is not null && !HeadRequests.IsHead(context))
            await RecordAsync(registry, Caller.Of(context), job, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return HeadRequests.Streamed(
            context, body => prover.WriteAsync(provable, key, body, context.RequestAborted), Plain, $"{job}.erasure-proof");
    }

    private static async Task<IResult> ConversationAsync(
        HttpContext context, RateLimits limits, JobReader jobs, NpgsqlDataSource database, PublishedLog log, KeyFolder keys,
        ConversationProver prover)
    {
        var (job, refusal) = await ProofAccess.AllowAsync(context, limits, jobs);
        if (refusal is not null)
            return refusal;
        if (new QueryParameters(context.Request) is { Problems.Count: > 0 } query)
            return query.Refusal();
        if (!RequestHeaders.AnnounceJson(context.Request))
            return Refusals.NotJson;
        if (await RequestBody.ReadAsync(context.Request, context.RequestAborted) is not { } body)
            return Refusals.BodyTooLarge;
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

    /// <summary>
    /// Call this before anything is handed out. A record of something that was never received does less harm than no record.
    /// </summary>
    private static async Task RecordAsync(RegistryStore registry, Caller caller, JobId job, CancellationToken cancel)
    {
        var record = new RecordDisclosure(
            caller.Bot.BotId, job.ToString(), caller.ClientId, ProvableJob.Disclosed, caller.ClientId, Reason: null);
        if (await registry.ExecuteAsync(caller.Bot.BotId, record, cancel) is { } rejection)
            throw new InvalidOperationException(rejection.Message); // the bot was there a moment ago, and none is ever removed
    }
}
