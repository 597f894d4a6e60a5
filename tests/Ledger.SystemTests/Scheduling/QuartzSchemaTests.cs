using Quartz;

namespace Ledger.SystemTests.Scheduling;

public class QuartzSchemaTests
{
    // Every column, index and constraint of a schema, as text; without the tables of the execution history, which stays off.
    private const string Shape = """
        select 'column', table_name::text, column_name::text,
            concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
        from information_schema.columns where table_schema = '{schema}' and table_name !~ '_history$|_job_status$'
        union all
        select 'index', tablename::text, indexname::text, replace(indexdef, '{schema}.', '')
        from pg_indexes where schemaname = '{schema}' and tablename !~ '_history$|_job_status$'
        union all
        select 'constraint', split_part(conrelid::regclass::text, '.', 2), conname::text,
            replace(pg_get_constraintdef(oid), '{schema}.', '')
        from pg_constraint where connamespace = '{schema}'::regnamespace and conrelid::regclass::text !~ '_history$|_job_status$'
        """;

    [Fact]
    public async Task The_migration_creates_what_Quartz_would_create_itself()
    {
        await using var cluster = await LaneCluster.CreateAsync();
        await cluster.Query<long>($"create schema provisioned; {Provisioning()}; select 0::bigint");

        Assert.Equal(12L, await cluster.Query<long>("select count(*) from pg_tables where schemaname = 'quartz'"));
        Assert.Equal("", await Difference(cluster, "provisioned", "quartz"));
        Assert.Equal("", await Difference(cluster, "quartz", "provisioned"));
    }

    private static Task<string> Difference(LaneCluster cluster, string schema, string other) => cluster.Query<string>(
        $"select coalesce(string_agg(d::text, e'\n'), '') from (({ShapeOf(schema)}) except ({ShapeOf(other)})) d");

    private static string ShapeOf(string schema) => Shape.Replace("{schema}", schema, StringComparison.Ordinal);

    private static string Provisioning()
    {
        using var script = new StreamReader(
            typeof(IScheduler).Assembly.GetManifestResourceStream("Quartz.Impl.AdoJobStore.Schema.create_postgres.sql")!);
        return script.ReadToEnd()
            .Replace("{0}", "provisioned.qrtz_", StringComparison.Ordinal)
            .Replace("{1}", "qrtz_", StringComparison.Ordinal);
    }
}
