using Ledger.Database;
using Ledger.Execution.Turns;
using Ledger.SystemTests.Cli;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>What a session cannot set: the one check names it with its cure, at the start, in <c>migrate</c> and in readiness.</summary>
public sealed class DatabaseCheckTests
{
    /// <summary>What somebody does to the database, what the check says of it, and what the cure is.</summary>
    private static readonly (string Damage, string Says, string Cure)[] s_damages =
    [
        ("alter table conversations.conversations enable row level security",
            "row level security is enabled on conversations.conversations",
            "alter table conversations.conversations disable row level security"),
        ("alter table ledger.job_work enable row level security; alter table ledger.job_work force row level security",
            "row level security is enabled on ledger.job_work",
            "alter table ledger.job_work no force row level security; alter table ledger.job_work disable row level security"),
        ("create table public.later () inherits (conversations.conversations)",
            "conversations.conversations has the child table public.later",
            "drop table public.later"),
        ("create rule hide as on delete to conversations.items do instead nothing",
            "the rule hide on conversations.items",
            "drop rule hide on conversations.items"),
        ("alter table conversations.items set unlogged", "conversations.items is unlogged", "alter table conversations.items set logged"),
        ("alter table conversations.items rename to real; create view conversations.items as select * from conversations.real where false",
            "conversations.items is not a plain table", "drop view conversations.items; alter table conversations.real rename to items"),
        ("alter table ledger.key_epochs rename to gone",
            "table ledger.key_epochs is missing",
            "alter table ledger.gone rename to key_epochs"),
        ("alter table conversations.items disable trigger all",
            "the foreign key items_of_conversation",
            "alter table conversations.items enable trigger all"),
        ("""
         update pg_trigger set tgenabled = 'R' where tgconstraint = (select oid from pg_constraint where conname = 'items_of_conversation')
         """,
            "the foreign key items_of_conversation",
            "update pg_trigger set tgenabled = 'O' where tgconstraint = " +
            "(select oid from pg_constraint where conname = 'items_of_conversation')"),
        ("alter table ledger.mt_streams disable trigger appends_are_queued", "the trigger appends_are_queued on ledger.mt_streams",
            "alter table ledger.mt_streams enable always trigger appends_are_queued"),
        ("alter table ledger.job_manifest enable replica trigger manifest_only_settles",
            "the trigger manifest_only_settles on ledger.job_manifest",
            "alter table ledger.job_manifest enable always trigger manifest_only_settles"),
        ("drop trigger streams_stay on ledger.mt_streams", "the trigger streams_stay on ledger.mt_streams",
            "create trigger streams_stay before delete on ledger.mt_streams for each row execute function ledger.refuse_change(); " +
            "alter table ledger.mt_streams enable always trigger streams_stay"),
        ("revoke delete on conversations.items from ledger_service",
            "lacks the right delete on conversations.items",
            "grant delete on conversations.items to ledger_service"),
        ("revoke usage on schema wolverine from ledger_service",
            "lacks the right usage on schema wolverine",
            "grant usage on schema wolverine to ledger_service"),
    ];

    [SkippableFact]
    public async Task Each_fault_of_the_tables_is_found_with_its_cure_and_gone_once_it_is_cured()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await using var source = ServiceDatabase.Source(cli.Service);
        Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        foreach (var (damage, says, cure) in s_damages)
        {
            await cli.ExecuteAsync($"set allow_system_table_mods = on; {damage}");
            Assert.Contains(says, await ServiceDatabase.ProblemAsync(source, CancellationToken.None) ?? "", StringComparison.Ordinal);
            await cli.ExecuteAsync($"set allow_system_table_mods = on; {cure}");
            Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        }
    }

    [SkippableFact]
    public async Task Row_security_does_not_concern_a_role_that_bypasses_it()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await using var source = ServiceDatabase.Source(cli.Service);
        var role = $"bypass_{cli.Database.Name}";
        await cli.ExecuteAsync($"create role {role} bypassrls in role ledger_service");
        await cli.ExecuteAsync("alter table conversations.items enable row level security");
        try
        {
            var given = new NpgsqlConnectionStringBuilder(cli.Database.Superuser) { Options = $"-c role={role}", Pooling = false };
            await using var bypassing = ServiceDatabase.Source(given.ConnectionString);
            Assert.Null(await ServiceDatabase.ProblemAsync(bypassing, CancellationToken.None));
            Assert.NotNull(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        }
        finally
        {
            await cli.ExecuteAsync($"drop role {role}");
        }
    }

    [SkippableFact]
    public async Task Rows_that_cannot_be_seen_never_make_a_job_completed_and_readiness_says_so()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("c", 3, "u");
        await service.ExecuteAsync("alter table conversations.conversations enable row level security");
        var byId = await service.SubmitAsync(new { conversationIds = new[] { "c-00001" } });
        var byUser = await service.SubmitAsync(new { cId = "u" });
        await service.RunSlicesAsync();
        foreach (var job in new[] { byId, byUser })
            Assert.Equal("queued", (await service.StatusAsync(job)).GetProperty("status").GetString());
        await ReadyAsync(service, 503, "row level security is enabled on conversations.conversations");

        await service.ExecuteAsync("alter table conversations.conversations disable row level security");
        await ReadyAsync(service, 200, "ready");
        await service.ExecuteAsync("update ledger.job_work set not_before = '2020-01-01Z'");
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(byUser)).GetProperty("status").GetString());
        Assert.Equal(0L, await service.ScalarAsync<long>("select count(*) from conversations.conversations"));
    }

    [SkippableFact]
    public async Task A_running_node_deletes_nothing_while_the_foreign_key_does_not_check()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await service.AddConversationsAsync("c", 3, "u");
        await service.ExecuteAsync("alter table conversations.items disable trigger all");
        await ReadyAsync(service, 503, "items_of_conversation");
        var job = await service.SubmitAsync(new { cId = "u" });
        await service.Services.GetRequiredService<WindowTurns>().RunAsync("test");
        Assert.Equal(3L, await service.ScalarAsync<long>("select count(*) from conversations.conversations"));
        await service.ExecuteAsync("alter table conversations.items enable trigger all");
        await ReadyAsync(service, 200, "ready");
        await CompletedAsync(service, job);
    }

    [SkippableFact]
    public async Task Migrate_refuses_a_database_that_does_not_take_every_character()
    {
        await using var database = await TestDatabase.CreateAsync();
        var name = $"{database.Name}_latin";
        await ExecuteAsync(
            database.Superuser,
            $"create database {name} owner ledger_owner encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
        try
        {
            var owner = new NpgsqlConnectionStringBuilder(database.ConnectionStringFor(TestDatabase.Administrator))
            {
                Database = name,
                Pooling = false,
            };
            var refused = await CliDatabase.RunAsync(["migrate", "--connection", owner.ConnectionString]);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("encoding 'UTF8' template template0", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            await ExecuteAsync(database.Superuser, $"drop database {name} with (force)");
        }
    }

    [SkippableFact]
    public async Task Migrate_names_what_it_cannot_put_right_itself()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.ExecuteAsync("alter table conversations.conversations enable row level security");
        await cli.ExecuteAsync("alter table conversations.items disable trigger all");
        var refused = await CliDatabase.RunAsync(["migrate", "--connection", cli.Administrator]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("row level security is enabled on conversations.conversations", refused.Error, StringComparison.Ordinal);
        Assert.Contains("items_of_conversation", refused.Error, StringComparison.Ordinal);
    }

    private static async Task CompletedAsync(TestService service, string job)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await service.StatusAsync(job)).GetProperty("status").GetString() != "completed")
            await ticks.WaitForNextTickAsync(deadline.Token);
    }

    private static async Task ReadyAsync(TestService service, int status, string says)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var last = "";
        try
        {
            while (await ticks.WaitForNextTickAsync(deadline.Token))
            {
                using var answer = await service.Client.GetAsync("/health/ready", deadline.Token);
                last = await answer.Content.ReadAsStringAsync(deadline.Token);
                if ((int)answer.StatusCode == status && last.Contains(says, StringComparison.Ordinal))
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"readiness never said '{says}', but: {last}");
        }
    }

    internal static async Task ExecuteAsync(string connection, string sql)
    {
        await using var session = new NpgsqlConnection(connection);
        await session.OpenAsync();
        await using var command = new NpgsqlCommand(sql, session);
        await command.ExecuteNonQueryAsync();
    }
}
