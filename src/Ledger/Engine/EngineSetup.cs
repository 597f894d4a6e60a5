using JasperFx;
using JasperFx.CodeGeneration;
using Ledger.Database;
using Ledger.Database.Checks;
using Npgsql;
using Weasel.Core.Migrations;
using Wolverine;
using Wolverine.Persistence.Durability;
using Wolverine.Postgresql;

namespace Ledger.Engine;

/// <summary>
/// All of Wolverine's set-up (docs/adr/0045): messages are durable, in the schema <c>wolverine</c> of the ledger's database, and are
/// handled by code that was generated beforehand.
/// </summary>
internal static class EngineSetup
{
    /// <summary>The schema of the engine's tables. Migrations make them.</summary>
    public const string Schema = "wolverine";

    /// <summary>The time after which the engine takes a message for forgotten, even while it is handled, and hands it to another.</summary>
    internal static readonly TimeSpan Stale = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The time that a stopping node waits for the messages that it handles, and then again for the turns that its sweep began. Each turn
    /// ends at its next batch. Both waits together are below the host's 30 s.
    /// </summary>
    internal static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(12);

    /// <summary>The maximum delay until a node notices a message that is due.</summary>
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);

    /// <summary>Adds the engine to a node.</summary>
    /// <param name="builder">The node's.</param>
    /// <param name="connection">To the database, as the service's role.</param>
    /// <param name="options">The node's part in it.</param>
    /// <param name="messages">The kinds of messages, with their handlers.</param>
    public static void AddEngine(
        this WebApplicationBuilder builder, string connection, EngineOptions options, IReadOnlyList<MessageKind> messages)
    {
        var database = new EngineDatabase(connection);
        builder.Services.AddHostedService(_ => database);
        builder.UseWolverine(wolverine =>
        {
            wolverine.PersistMessagesWithPostgresql(database.Source, Schema);
            Configure(wolverine, options, messages);
        });
        builder.Services.AddSingleton(messages);
        builder.Services.AddSingleton<Messages, EngineMessages>();
        builder.Services.AddHostedService<RouteCheck>();
        // Its messages say no more than the ledger's own.
        builder.Logging.AddFilter("Wolverine", LogLevel.Warning).AddFilter("JasperFx", LogLevel.Warning);
        // A handler's failures are logged under the name of its message.
        foreach (var quiet in messages.Where(message => message.IsQuiet))
            builder.Logging.AddFilter(quiet.Example.GetType().FullName, LogLevel.None);
    }

    /// <summary>The difference, in words, between the engine's tables and those that this version needs; null if there is none.</summary>
    /// <param name="services">A node's, which need not have started.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<string?> ProblemAsync(IServiceProvider services, CancellationToken cancel)
    {
        return services.GetService<IMessageStore>() is IDatabase store
            ? await MatchingTables.ProblemAsync(store, "the engine's", cancel)
            : null;
    }

    private static void Configure(WolverineOptions wolverine, EngineOptions options, IReadOnlyList<MessageKind> messages)
    {
        wolverine.ApplicationAssembly = typeof(EngineSetup).Assembly;
        wolverine.ServiceName = "deletion-ledger";
        wolverine.AutoBuildMessageStorageOnStartup = AutoCreate.None;
        wolverine.CodeGeneration.TypeLoadMode = TypeLoadMode.Static;
        wolverine.Discovery.DisableConventionalDiscovery();

        var durability = wolverine.Durability;
        durability.Mode = options.IsAlone ? DurabilityMode.Solo : DurabilityMode.Balanced;
        durability.ScheduledJobFirstExecution = s_poll;
        durability.ScheduledJobPollingTime = s_poll;
        // A dead node is written off after 8 to 12 s. Its jobs need not wait for that: see the sweep.
        durability.HealthCheckPollingTime = TimeSpan.FromSeconds(2);
        durability.FirstHealthCheckExecution = s_poll;
        durability.StaleNodeTimeout = TimeSpan.FromSeconds(8);
        durability.CheckAssignmentPeriod = TimeSpan.FromSeconds(3);
        durability.NodeReassignmentPollingTime = TimeSpan.FromSeconds(3);
        // A message that a living node forgot.
        durability.InboxStaleTime = Stale;
        // Repeating a message is harmless here, so what was handled need not be remembered.
        durability.KeepAfterMessageHandling = TimeSpan.FromSeconds(2);
        durability.HandledMessageCleanupPollingTime = TimeSpan.FromSeconds(5);
        durability.RecoveryBatchSize = 1000;
        durability.DrainTimeout = StopDeadline;
        durability.DurabilityMetricsEnabled = false;
        durability.NodeEventRecordExpirationTime = TimeSpan.FromDays(1);
        durability.NodeRecordRetention = 1000;

        wolverine.Policies.UseDurableLocalQueues();
        foreach (var message in messages)
        {
            wolverine.Discovery.IncludeType(message.Handler);
            message.Configure(wolverine);
        }
    }
}

/// <summary>The engine's own connections. Hosted only so that the host makes it first and ends it last.</summary>
internal sealed class EngineDatabase(string connectionString) : IHostedService, IAsyncDisposable
{
    /// <summary>A session that a frozen node holds ends by itself, and with it what it leads.</summary>
    public NpgsqlDataSource Source { get; } = LedgerSession.Source(connectionString, SessionKind.Engine);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
