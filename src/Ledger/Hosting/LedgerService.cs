using Ledger.Api;
using Ledger.Contracts.Transparency;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.Database.Embedded;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Execution;
using Ledger.Execution.Turns;
using Ledger.Forgetting;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Jobs.Cases;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Ledger.Log;
using Ledger.Log.ChangeLogs;
using Ledger.Log.Cosigning;
using Ledger.Log.Sequencing;
using Ledger.Notifications;
using Ledger.Notifications.Deadlines;
using Ledger.Notifications.Mail;
using Ledger.Notifications.Webhooks;
using Ledger.Proofs;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Windows;
using Marten;
using Npgsql;

namespace Ledger.Hosting;

/// <summary>Settings of a node.</summary>
public sealed record ServiceSettings
{
    /// <summary>The connection string to the database, as <c>ledger_service</c>.</summary>
    public required string Connection { get; init; }

    public required KeyFolder Keys { get; init; }

    /// <summary>The addresses to listen on, separated by semicolons. Port 0 takes a free port.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    public HttpOptions Http { get; init; } = new();
    public ExecutionOptions Execution { get; init; } = new();

    public NotificationOptions Notifications { get; init; } = new();

    /// <summary>Settings of this node's work in the windows. Null if it serves requests only, and other nodes delete.</summary>
    public TurnOptions? Turns { get; init; } = new();

    /// <summary>This node's part in the engine. Null if it sends no messages and handles none.</summary>
    public EngineOptions? Engine { get; init; } = new();

    /// <summary>Settings for writing the log. Null if other nodes write it.</summary>
    public LogOptions? Log { get; init; } = new();

    /// <summary>The PostgreSQL that this node keeps running. Null if this node keeps none.</summary>
    public EmbeddedPostgres? Embedded { get; init; }

    /// <summary>The witnesses. Without their quorum nothing that is logged is published, and nothing is deleted. Null for no
    /// witnesses.</summary>
    public Policy? Witnesses { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The type's name without its members, because the connection string holds a password.</summary>
    public override string ToString() => nameof(ServiceSettings);
}

/// <summary>Builds a node: the HTTP side, the engine, the turns that delete, and the log's writer.</summary>
public static class LedgerService
{
    /// <summary>A node, not started yet. Disposing it stops it.</summary>
    public static WebApplication Build(ServiceSettings settings)
    {
        var app = Builder(settings).Build();
        app.UseLedgerHttp();
        return app;
    }

    /// <summary>
    /// The builder of a node, for a host other than Kestrel. The app that is built from it still needs
    /// <see cref="LedgerHttp.UseLedgerHttp"/>.
    /// </summary>
    public static WebApplicationBuilder Builder(ServiceSettings settings)
    {
        var builder = NodeHost.Create(settings.Urls, settings.LogLevel);
        var services = builder.Services;
        services.AddSingleton(settings.Time);
        services.AddSingleton(settings.Keys);
        services.AddSingleton(settings.Execution);
        services.AddSingleton(_ => ServiceDatabase.Source(settings.Connection));
        services.AddSingleton(_ => new LaneDatabase(settings.Connection));
        services.AddMarten(provider =>
        {
            var options = new StoreOptions();
            MartenSetup.Configure(options, provider.GetRequiredService<NpgsqlDataSource>(), settings.Time);
            return options;
        });
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DatabaseHealth>(provider, settings.Connection));
        services.AddSingleton(provider => new ReadinessCheck(
            "settings", cancel => provider.GetRequiredService<DatabaseHealth>().ProblemAsync(cancel)));
        services.AddSingleton<OldTransactions>();
        services.AddSingleton(provider => new ReadinessWarning(provider.GetRequiredService<OldTransactions>().WarningAsync));
        services.AddSingleton(provider => new ReadinessWarning(provider.GetRequiredService<DeadlineAlarms>().WarningAsync));
        services.AddSingleton<WindowPlanner>();
        services.AddSingleton<WindowFollower>();
        services.AddSingleton(provider => new ReadinessWarning(async cancel =>
            StrandedJobs.Warning(
                await StrandedJobs.FindAsync(
                    provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<WindowPlanner>(),
                    settings.Time.GetUtcNow(), cancel)
            )
        ));
        services.AddSingleton(provider => new ReadinessWarning(async cancel =>
            DeletionPauses.Warning(await provider.GetRequiredService<RegistryCache>().CurrentAsync(cancel))));
        services.AddSingleton<RegistryCache>();
        services.AddSingleton<JobSubmission>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<CaseDeadlines>();
        services.AddSingleton<ChangeLog>();
        services.AddSingleton(_ => new ErasedIndex(settings.Keys));
        services.AddSingleton<ConversationStore>();
        services.AddSingleton<RequestedList>();
        services.AddSingleton<JobPreview>();
        services.AddSingleton<LiveHolds>();
        services.AddSingleton<HoldPlacing>();
        services.AddSingleton<HoldReader>();
        services.AddSingleton<HoldDisclosure>();
        services.AddSingleton<HoldEnding>();
        services.AddSingleton<IdentifierSearch>();
        services.AddSingleton<DeletedBefore>();
        services.AddSingleton<ListResolver>();
        services.AddSingleton<BatchDeleter>();
        services.AddSingleton<JobCancellation>();
        services.AddSingleton<SliceRunner>();
        services.AddSingleton<PublishedLog>();
        services.AddSingleton<JobForgetting>();
        services.AddSingleton<KeyRotation>();
        services.AddSingleton<KeyRetention>();
        services.AddSingleton<KeyRotationDuty>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyRetention>());
        services.AddHostedService(provider => provider.GetRequiredService<KeyRotationDuty>());
        services.AddSingleton<HoldExpiry>();
        services.AddHostedService(provider => provider.GetRequiredService<HoldExpiry>());
        services.AddSingleton(provider => new ReadinessCheck(
            "keys", _ => Task.FromResult(provider.GetRequiredService<KeyRotationDuty>().Problem)));
        services.AddSingleton<RegistryStore>();
        services.AddSingleton<DeletionPauses>();
        services.AddSingleton<JobProver>();
        services.AddSingleton<ConversationProver>();
        services.AddLedgerHttp(settings.Http);
        services.AddLedgerNotifications(settings.Notifications with { PublicUrl = settings.Http.PublicUrl });
        AddTurns(builder, settings);
        services.AddSingleton<LogReadiness>();
        services.AddSingleton(provider => new ReadinessCheck(
            "log", cancel => provider.GetRequiredService<LogReadiness>().ProblemAsync(cancel)));
        if (settings.Log is { } log)
            AddLogWriter(services, settings, log);
        if (settings.Embedded is { } postgres)
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<EmbeddedSupervisor>(provider, postgres));
        return builder;
    }

    private static void AddLogWriter(IServiceCollection services, ServiceSettings settings, LogOptions options)
    {
        services.AddSingleton(_ => new LogDatabase(settings.Connection));
        if (settings.Witnesses is { } policy)
            services.AddSingleton(provider => new Witnesses(
                policy, TileStore.Nodes(provider.GetRequiredService<LogDatabase>().Source), settings.Time));
        services.AddSingleton(provider =>
            provider.GetService<Witnesses>() is { } witnesses ? options with { Cosign = witnesses.CosignAsync } : options
        );
        services.AddSingleton<LogWriter>();
        if (options.Loop)
            services.AddHostedService(provider => provider.GetRequiredService<LogWriter>());
    }

    private static void AddTurns(WebApplicationBuilder builder, ServiceSettings settings)
    {
        var services = builder.Services;
        services.AddSingleton<WakeUps>();
        services.AddSingleton<JobWriter>();
        var options = settings.Turns ?? new TurnOptions { AtOnce = 0, SweepInterval = null };
        // As many turns at once as there may be sessions.
        options = options with { AtOnce = Math.Min(options.AtOnce, LaneDatabase.TurnsAtOnce(settings.Connection)) };
        services.AddSingleton(options);
        services.AddSingleton<WindowStates>();
        services.AddSingleton<WindowTurns>();
        services.AddSingleton<Sweep>();
        if (settings.Engine is { } engine)
            builder.AddEngine(
                settings.Connection, engine, [WakeWindowHandler.Kind(options.AtOnce), SendMailHandler.Kind, SendWebhookHandler.Kind]);
        else
            services.AddSingleton<Messages>();
        if (settings.Turns is null)
            return;
        services.AddHostedService(provider => provider.GetRequiredService<Sweep>());
        services.AddHostedService(provider => provider.GetRequiredService<WindowFollower>());
        services.AddHostedService(provider => provider.GetRequiredService<DeadlineAlarms>());
        services.AddSingleton(provider => new ReadinessCheck(
            "scheduling", _ => Task.FromResult(provider.GetRequiredService<Sweep>().Outage)));
    }
}
