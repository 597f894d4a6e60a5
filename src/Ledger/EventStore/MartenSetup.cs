using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Registry;
using Ledger.Projections.Status;
using Marten;
using Marten.Schema;
using Npgsql;
using Weasel.Core;

namespace Ledger.EventStore;

/// <summary>All of Marten's set-up: the event store, and the documents that follow from its events.</summary>
public static class MartenSetup
{
    /// <summary>The schema of the event store and of the ledger's own tables.</summary>
    public const string Schema = "ledger";

    /// <summary>A store on a database. It makes nothing there.</summary>
    /// <param name="database">The database for the store's own sessions. The ledger's writers bring their own transaction.</param>
    /// <param name="time">The clock for an append that states no instant.</param>
    public static DocumentStore Store(NpgsqlDataSource database, TimeProvider time) =>
        DocumentStore.For(options => Configure(options, database, time));

    /// <summary>The difference, in words, between Marten's tables and functions and this set-up; null if there is none.</summary>
    /// <param name="connectionString">As the service's role.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<string?> ProblemAsync(string connectionString, CancellationToken cancel)
    {
        await using var database = ServiceDatabase.SchemaSource(connectionString);
        await using var store = Store(database, TimeProvider.System);
        return await MatchingTables.ProblemAsync(store.Storage.Database, "the event store's", cancel);
    }

    /// <summary>Sets the store of a node up.</summary>
    /// <param name="options">Of the store.</param>
    /// <param name="database">See <see cref="Store"/>.</param>
    /// <param name="time">See <see cref="Store"/>.</param>
    public static void Configure(StoreOptions options, NpgsqlDataSource database, TimeProvider time)
    {
        options.Connection(database);
        options.DatabaseSchemaName = Schema;
        options.AutoCreateSchemaObjects = AutoCreate.None;
        options.Logger(new SilentMartenLogger());
        // A transaction that has failed is over: another attempt is the caller's, from its beginning.
        options.ConfigurePolly(_ => { });

        var events = options.Events;
        events.StreamIdentity = StreamIdentity.AsGuid;
        events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        events.UseExclusiveLockOnConcurrentAppends = true;
        events.UseMandatoryStreamTypeDeclaration = true;
        events.TimeProvider = new WholeMilliseconds(time);
        // Else the id of a job would be a tag, with tables of its own and another signature of the append function.
        events.AutoDiscoverTagTypes = false;
        events.IgnoreIndex("mt_events_disclosures");
        foreach (var type in EventType.All)
            events.MapEventType(type.ClrType, type.Name);

        options.UseSystemTextJsonForSerialization(Json(), EnumStorage.AsString, Casing.CamelCase);
        options.Schema.For<JobStatus>().Identity(status => status.JobId).UseNumericRevisions(true);
        options.Schema.For<Job>().Identity(job => job.JobId).UseNumericRevisions(true);
        options.Schema.For<Bot>().UseNumericRevisions(true);
        options.Schema.For<ApiClient>().UseNumericRevisions(true);
        options.Schema.For<DeletionWindow>().UseNumericRevisions(true);
        options.Schema.For<LegalHold>().UseNumericRevisions(true);

        options.Policies.ForAllDocuments(mapping =>
        {
            if (mapping.DocumentType == typeof(Job))
                Columns(mapping);
            else if (mapping.DocumentType == typeof(LegalHold))
                HoldColumns(mapping);
        });

        options.Projections.Add(new JobStatusProjection(), ProjectionLifecycle.Inline);
        options.Projections.Add(new JobProjection(), ProjectionLifecycle.Inline);
        options.Projections.Add(new BotProjection(), ProjectionLifecycle.Inline);
        options.Projections.Add(new ApiClientProjection(), ProjectionLifecycle.Inline);
        options.Projections.Add(new DeletionWindowProjection(), ProjectionLifecycle.Inline);
        options.Projections.Add(new LegalHoldProjection(), ProjectionLifecycle.Inline);
    }

    /// <summary>Adds the members of a job that are columns too. Lists and claims find jobs by these, and never by JSON.</summary>
    private static void Columns(DocumentMapping job)
    {
        foreach (var member in (string[])[nameof(Job.Bot), nameof(Job.Client), nameof(Job.SubmittedAt), nameof(Job.PlannedAt)])
            job.DuplicateField(member, notNull: true);
        job.DuplicateField(nameof(Job.StatusName), notNull: true).ColumnName = "status";
        foreach (var member in (string[])[nameof(Job.WindowName), nameof(Job.ClosesAt), nameof(Job.StartedVersion)])
            job.DuplicateField(member);

        // Lists: newest first, of all bots, of one, and of one with a status.
        job.AddIndex("submitted_at", "id");
        job.AddIndex("bot", "submitted_at", "id");
        job.AddIndex("bot", "status", "submitted_at", "id");
        // What is due in a window, whoever's it is.
        Where(job.AddIndex("window_name", "planned_at", "submitted_at", "id"), "mt_doc_job_due", "status = 'queued'");
        // Claims, bot by bot: their order is theirs, and the first row found is the one to take.
        string[] claims = ["window_name", "bot", "planned_at", "submitted_at", "id"];
        job.Indexes.Add(Where(
            new DocumentIndex(job, claims), "mt_doc_job_not_started", "status = 'queued' and started_version is null"));
        job.Indexes.Add(Where(
            new DocumentIndex(job, claims), "mt_doc_job_started", "status = 'queued' and started_version is not null"));
    }

    /// <summary>Adds the members of a legal hold that are columns too. Every batch asks for its bot's live holds.</summary>
    private static void HoldColumns(DocumentMapping hold)
    {
        foreach (var member in (string[])[nameof(LegalHold.Bot), nameof(LegalHold.PlacedAt)])
            hold.DuplicateField(member, notNull: true);
        hold.DuplicateField(nameof(LegalHold.StatusName), notNull: true).ColumnName = "status";
        hold.DuplicateField(nameof(LegalHold.Until));
        hold.AddIndex("bot", "placed_at", "id");
        hold.Indexes.Add(Where(new DocumentIndex(hold, "bot"), "mt_doc_legalhold_live", "status = 'live'"));
        hold.Indexes.Add(Where(new DocumentIndex(hold, "until"), "mt_doc_legalhold_ending", "status = 'live' and until is not null"));
    }

    private static DocumentIndex Where(DocumentIndex index, string name, string predicate)
    {
        (index.Name, index.Predicate) = (name, predicate);
        return index;
    }

    /// <summary>
    /// Marten has one serializer. Facts are written as <see cref="LedgerJson"/> does, without what is absent. Documents are written as
    /// <see cref="DocumentJson"/> does, with null for what is not true yet.
    /// </summary>
    private static JsonSerializerOptions Json() => new(LedgerJson.Facts.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        TypeInfoResolver = JsonTypeInfoResolver.Combine(LedgerJson.Facts, DocumentJson.Default, new DefaultJsonTypeInfoResolver())
            .WithAddedModifier(LeaveOutWhatIsAbsent),
    };

    private static void LeaveOutWhatIsAbsent(JsonTypeInfo type)
    {
        if (!type.Type.IsAssignableTo(typeof(JobEvent)) && !type.Type.IsAssignableTo(typeof(RegistryEvent)))
            return;
        foreach (var member in type.Properties)
            member.ShouldSerialize ??= (_, value) => value is not null;
    }

    /// <summary>Instants are recorded in whole milliseconds.</summary>
    private sealed class WholeMilliseconds(TimeProvider time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Instant.Truncate(time.GetUtcNow());
    }
}
