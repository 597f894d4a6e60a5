using System.Data;
using System.Text.Json.Nodes;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections.Status;
using Marten;
using Marten.Events;
using Marten.Services;

namespace MartenReader;

/// <summary>What can be read without a daemon: streams, a live aggregate, a document.</summary>
internal static class Report
{
    private const int MostEvents = 20;

    /// <param name="store">See <see cref="LedgerStore"/>.</param>
    /// <param name="job">The job to show; null: the latest.</param>
    /// <param name="output">Is written to.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ReaderException">The role is not one for readers, or there is no such job.</exception>
    public static async Task WriteAsync(IDocumentStore store, JobId? job, TextWriter output, CancellationToken cancel)
    {
        // One snapshot: a job that goes on meanwhile has not a later document than events.
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(cancel);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        await using var session = store.QuerySession(SessionOptions.ForTransaction(snapshot));
        await RefuseOtherRolesAsync(session, cancel);

        var recorded = await store.Advanced.FetchEventStoreStatistics(token: cancel);
        output.WriteLine(
            $"{recorded.EventCount} events in {recorded.StreamCount} streams; "
            + $"the last number that was given out is {recorded.EventSequenceNumber}");

        job ??= await LatestAsync(session, cancel);
        if (job is not { } id)
        {
            output.WriteLine("no job yet");
            return;
        }
        var events = await session.Events.FetchStreamAsync(id.Value, token: cancel);
        if (events.Count == 0 || await session.LoadAsync<JobStatus>(id, cancel) is not { } stored)
            throw new ReaderException($"there is no job {id}");
        output.WriteLine($"{id}, event by event:");
        foreach (var e in events.Take(MostEvents))
            output.WriteLine($"  {e.Version,4}  {Instant.Text(e.Timestamp)}  {e.EventTypeName}");
        if (events.Count > MostEvents)
            output.WriteLine($"  and {events.Count - MostEvents} more");

        var folded = await session.Events.AggregateStreamAsync<JobStatus>(id.Value, token: cancel);
        output.WriteLine($"folded:  {InShort(folded!)}");
        output.WriteLine($"stored:  {InShort(stored)}");
        output.WriteLine(JsonNode.DeepEquals(Json(store, folded!), Json(store, stored)) ? "they are the same" : "they differ");
    }

    private static async Task RefuseOtherRolesAsync(IQuerySession session, CancellationToken cancel)
    {
        var problems = await session.QueryAsync<string>(
            """
            select case
                when not pg_has_role('ledger_reader', 'usage')
                then format('%1$I may not read: `grant ledger_reader to %1$I` lets it', current_user)
                when has_table_privilege('ledger.mt_events', 'insert')
                then format('%I may more than read: log in as a role for readers', current_user)
                else '' end
            """,
            cancel);
        if (problems[0].Length > 0)
            throw new ReaderException(problems[0]);
    }

    private static async Task<JobId?> LatestAsync(IQuerySession session, CancellationToken cancel)
    {
        var submitted = await session.Events.QueryAllRawEvents().Where(e => e.EventTypesAre(typeof(Submitted)))
            .OrderByDescending(e => e.Sequence).FirstOrDefaultAsync(cancel);
        return submitted is null ? null : new JobId(submitted.StreamId);
    }

    private static string InShort(JobStatus status)
    {
        var result = status.Result;
        return $"{status.Status}, {status.Phase}: {result.DeletedCount} deleted, {result.SkippedCount} skipped, "
            + $"{result.FailedCount} failed of {result.TotalConversations}";
    }

    private static JsonNode? Json(IDocumentStore store, JobStatus status) =>
        JsonNode.Parse(store.Options.Serializer().ToJson(status));
}
