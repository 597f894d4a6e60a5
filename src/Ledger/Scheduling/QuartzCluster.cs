using Ledger.Database;
using Npgsql;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>How this node joins the Quartz cluster that lives in the database's schema <c>quartz</c>.</summary>
internal static class QuartzCluster
{
    // A dead node's lanes run elsewhere after about 10 s: it is written off once it is an interval and the threshold late, which the
    // others notice at their next check-in, and Quartz adds a grace of some seconds. The threshold is longer than the pauses of a
    // healthy node; one that is written off while it lives only has its lanes run twice, which the transactions of Execution bear.
    private static readonly TimeSpan CheckInInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CheckInThreshold = TimeSpan.FromSeconds(4);

    /// <summary>A scheduler that is not started yet. Disposing the factory stops it.</summary>
    public static StandaloneSchedulerFactory Node(
        NpgsqlDataSource database, LaneSchedulerOptions options, Slice slice, TimeProvider time, ILogger logger) =>
        QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.Services.AddLogging(logging => logging.AddProvider(new QuartzLog(logger, time)));
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
            cluster.CheckinInterval = CheckInInterval;
            cluster.CheckinMisfireThreshold = CheckInThreshold;
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

    /// <summary>The scheduler's own connections.</summary>
    public static NpgsqlDataSource Connect(string connectionString, LaneSchedulerOptions options) =>
        LedgerSession.Source(connectionString, SessionKind.Scheduling(options.MaxThreads));
}
