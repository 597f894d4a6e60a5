using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Ledger.Contracts.Jobs;
using Ledger.Database.Checks;
using Ledger.EventStore;
using Ledger.Projections.Status;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.EventStore;
using Marten;
using Marten.Subscriptions;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>Who owns the ledger, who works on it, and who reads it (docs/adr/0043).</summary>
public sealed class RolesTests
{
    [SkippableFact]
    public async Task One_role_owns_everything_and_nobody_logs_in_as_it()
    {
        await using var database = await EventStoreDatabase.CreateAsync();
        Assert.Equal("f f", await database.ScalarAsync<string>(
            "select concat_ws(' ', rolcanlogin, rolsuper) from pg_roles where rolname = 'ledger_owner'"));
        Assert.Equal(["ledger_owner"], await database.ScalarAsync<string[]>(
            """
            select array_agg(distinct owner::regrole::text) from (
                select relowner, relnamespace from pg_class
                union all select proowner, pronamespace from pg_proc
                union all select nspowner, oid from pg_namespace) as things (owner, place)
            where place in ('ledger'::regnamespace, 'conversations'::regnamespace, 'wolverine'::regnamespace)
            """));
    }

    [SkippableTheory]
    [InlineData("create table ledger.mine (id int)")]
    [InlineData("create function ledger.mine() returns int language sql as 'select 1'")]
    [InlineData("create schema mine")]
    [InlineData("create table public.mine (id int)")]
    [InlineData("set role ledger_owner")]
    public async Task The_service_makes_nothing(string statement)
    {
        await using var database = await EventStoreDatabase.CreateAsync();
        await using var command = database.Service.CreateCommand(statement);
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(command.ExecuteNonQueryAsync)).SqlState);
    }

    /// <summary>Names in them mean the same to whoever writes: a table or function of the writer's own is not found first.</summary>
    [SkippableFact]
    public async Task Every_trigger_function_has_a_search_path_of_its_own()
    {
        await using var database = await EventStoreDatabase.CreateAsync();
        Assert.Empty(await database.ScalarAsync<string[]>(
            """
            select array(
                select proname::text from pg_proc
                where pronamespace in ('ledger'::regnamespace, 'conversations'::regnamespace) and prorettype = 'trigger'::regtype
                    and not coalesce(array_to_string(proconfig, ' ') like '%search_path=pg_catalog, pg_temp%', false))
            """));
    }

    [SkippableFact]
    public async Task Two_migrations_of_one_database_at_once_both_succeed()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var empty = await EmptyDatabase.CreateAsync(database);
        string[] migrate = ["migrate", "--connection", empty.Connection(database.Superuser)];
        var results = await Task.WhenAll(CliDatabase.RunAsync(migrate), CliDatabase.RunAsync(migrate));
        Assert.All(results, result => Assert.Equal("", Told(result)));
    }

    /// <summary>As in a container that has a superuser and an empty database of that user's.</summary>
    [SkippableFact]
    public async Task A_superuser_migrates_an_empty_database_and_everything_belongs_to_the_owner()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var empty = await EmptyDatabase.CreateAsync(database);
        Assert.Equal("", Told(await CliDatabase.RunAsync(["migrate", "--connection", empty.Connection(database.Superuser)])));
        await using var source = NpgsqlDataSource.Create(empty.Connection(database.Superuser));
        await using var owners = source.CreateCommand("select distinct tableowner from pg_tables where schemaname = 'ledger'");
        Assert.Equal("ledger_owner", await owners.ExecuteScalarAsync());
    }

    [SkippableFact]
    public async Task Whoever_lacks_something_is_told_the_statement_that_an_administrator_runs()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var empty = await EmptyDatabase.CreateAsync(database);
        var role = $"login_{database.Name}";
        var login = empty.Connection(database.ConnectionStringFor(role));
        await ExecuteAsync(database.Superuser, $"create role {role} login password '{await TestDatabase.PasswordAsync(role)}'");
        try
        {
            string[] needed = [$"grant ledger_owner to {role}", $"grant create, temporary on database {empty.Name} to ledger_owner"];
            foreach (var statement in needed)
            {
                var refused = await CliDatabase.RunAsync(["migrate", "--connection", login]);
                Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
                Assert.Contains($"`{statement}` is needed", refused.Error, StringComparison.Ordinal);
                await ExecuteAsync(database.Superuser, statement);
            }
            Assert.Equal("", Told(await CliDatabase.RunAsync(["migrate", "--connection", login])));
        }
        finally
        {
            await ExecuteAsync(database.Superuser, $"drop database {empty.Name} with (force); ");
            await ExecuteAsync(database.Superuser, $"drop role {role}");
        }
    }

    /// <summary>In a transaction that is rolled back: roles are the whole server's.</summary>
    [SkippableTheory]
    [InlineData("alter role ledger_owner login", "alter role ledger_owner nologin")]
    [InlineData("alter role ledger_owner superuser", "alter role ledger_owner nologin nosuperuser")]
    [InlineData("grant ledger_owner to ledger_service", "revoke ledger_owner from ledger_service")]
    public async Task A_role_that_may_too_much_is_named_with_its_cure(string change, string cure)
    {
        await using var database = await EventStoreDatabase.CreateAsync();
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await using (await connection.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand($"{change}; set local role ledger_service", connection);
            await command.ExecuteNonQueryAsync();
            Assert.Contains(
                cure, await DatabaseCheck.ServiceProblemAsync(connection, CancellationToken.None) ?? "", StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_reader_follows_the_events_by_a_Marten_store_of_its_own_and_changes_and_sees_nothing_else()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("c", 3, "u");
        Assert.True(JobId.TryParse(await service.SubmitAsync(new { cId = "u" }), out var id));
        await service.RunSlicesAsync();
        var role = $"reader_{service.Database.Name}";
        await ExecuteAsync(
            service.Database.Superuser,
            $"create role {role} login password '{await TestDatabase.PasswordAsync(role)}' in role ledger_reader");
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(service.Database.ConnectionStringFor(role)) { Pooling = false };
            await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
            var followed = new Followed();
            await using var store = DocumentStore.For(options =>
            {
                MartenSetup.Configure(options, source, TimeProvider.System);
                options.Projections.Subscribe(followed);
            });
            using var daemon = await store.BuildProjectionDaemonAsync();
            await daemon.StartAllAsync();
            await daemon.WaitForNonStaleData(TimeSpan.FromSeconds(60));
            await daemon.StopAllAsync();
            Assert.Contains(nameof(Completed), followed.Types);
            await using var session = store.QuerySession();
            Assert.NotNull(await session.LoadAsync<JobStatus>(id));

            foreach (var refused in s_refusedToReaders)
            {
                await using var command = source.CreateCommand(refused);
                var e = await Assert.ThrowsAsync<PostgresException>(command.ExecuteNonQueryAsync);
                Assert.True(e.SqlState == "42501", refused);
            }
        }
        finally
        {
            await ExecuteAsync(service.Database.Superuser, $"drop role {role}");
        }
    }

    private static readonly string[] s_refusedToReaders =
    [
        "insert into ledger.mt_streams (id, type) values (gen_random_uuid(), 'job')",
        "update ledger.mt_streams set version = version + 1",
        "delete from ledger.mt_events",
        "truncate ledger.mt_events cascade",
        "update ledger.mt_doc_job set mt_version = 1",
        "delete from ledger.mt_doc_jobstatus",
        "select * from ledger.job_secrets",
        "select * from ledger.job_manifest",
        "select * from ledger.client_secrets",
        "select * from ledger.webhook_secrets",
        "select * from ledger.console_sessions",
        "select * from ledger.key_epochs",
        "select * from conversations.conversations",
        "select nextval('ledger.mt_events_sequence')",
        "create table ledger.mine (id int)",
    ];

    private static string Told(CliResult result) => result.ExitCode == 0 ? "" : result.Error;

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What a store of somebody else's does with the events.</summary>
    private sealed class Followed : SubscriptionBase
    {
        public HashSet<string> Types { get; } = [];

        public override Task<IChangeListener> ProcessEventsAsync(
            EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
        {
            foreach (var @event in page.Events)
                Types.Add(@event.EventType.Name);
            return Task.FromResult(NullChangeListener.Instance);
        }
    }

    /// <summary>A database of the superuser's with nothing in it.</summary>
    private sealed record EmptyDatabase(string Superuser, string Name) : IAsyncDisposable
    {
        public static async Task<EmptyDatabase> CreateAsync(TestDatabase beside)
        {
            var empty = new EmptyDatabase(beside.Superuser, $"{beside.Name}_empty");
            await ExecuteAsync(empty.Superuser, $"create database {empty.Name} template template0");
            return empty;
        }

        public string Connection(string like) =>
            new NpgsqlConnectionStringBuilder(like) { Database = Name, Pooling = false }.ConnectionString;

        public async ValueTask DisposeAsync() => await ExecuteAsync(Superuser, $"drop database if exists {Name} with (force)");
    }
}
