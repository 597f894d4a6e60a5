using Npgsql;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>How this node joins the Quartz cluster that lives in the database's schema <c>quartz</c>.</summary>
internal static class QuartzCluster
{
    /// <summary>A dead node's lanes run elsewhere after about this long at most: check-in + threshold + the others' next check-in.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CheckIn = TimeSpan.FromSeconds(3);

    /// <summary>A scheduler that is not started yet. Disposing the factory stops it.</summary>
    public static StandaloneSchedulerFactory Node(
        NpgsqlDataSource database, LaneSchedulerOptions options, Slice slice, TimeProvider time, ILogger logger) =>
        QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.Services.AddSingleton<ILoggerFactory>(new QuartzLog(logger, time));
            quartz.UseTimeProvider(time)
                .UseDefaultThreadPool(options.MaxThreads)
                .AddJobType(_ => new LaneJob(slice, logger))
                .ConfigureScheduler(Identify)
                .UsePersistentStore(store => Persist(store, database));
        }).Build();

    private static void Identify(QuartzSchedulerOptions scheduler)
    {
        scheduler.InstanceName = "ledger";
        // A fresh id each start: two nodes that shared one would take each other's lanes for their own.
        scheduler.GenerateInstanceId = true;
        // Triggers that another node stored are not announced here: this is how late a node notices them.
        scheduler.IdleWaitTime = TimeSpan.FromSeconds(5);
        // A stopping node signals its slices, whether it goes on waiting for them or not.
        scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always;
        // Trace ids would be stored with the triggers.
        scheduler.PropagateTraceContext = false;
    }

    private static void Persist(IPersistentStoreBuilder store, NpgsqlDataSource database) => store
        .UsePostgres(source => source.DataSourceFactory = _ => database)
        .UseSystemTextJsonSerializer()
        .UseClustering(cluster =>
        {
            cluster.CheckinInterval = CheckIn;
            // Longer than the pauses of a healthy node: one that is written off while it lives only runs a lane twice, which the
            // transactions of Execution bear.
            cluster.CheckinMisfireThreshold = Recovery - CheckIn - CheckIn;
        })
        .ConfigureStore(options =>
        {
            options.TablePrefix = "quartz.qrtz_";
            options.StoreJobDataAsStrings = true;
            // Migrations own the schema and the service may not create tables; looking for them at start costs a select per table.
            options.SchemaProvisioning = SchemaProvisioning.Validate;
            options.ExecutionHistory = false;
            options.CommandTimeout = TimeSpan.FromSeconds(10);
            options.DbRetryInterval = TimeSpan.FromSeconds(2);
            // A lane is never put aside for good, however often the database fails under it.
            options.MaxConsecutiveFireFailures = 0;
        });

    /// <summary>The scheduler's own connections: its loop, misfires and check-ins, and one for each thread's completion.</summary>
    public static NpgsqlDataSource Connect(string connectionString, LaneSchedulerOptions options)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "ledger-scheduling",
            MaxPoolSize = options.MaxThreads + 5,
            KeepAlive = 5,
            Timeout = 5,
        };
        // A node frozen inside a Quartz transaction holds the cluster's row locks; the server ends its session after 5 s.
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout=5000".Trim();
        return NpgsqlDataSource.Create(settings);
    }
}
