using Ledger.Database;
using Ledger.Jobs;
using Ledger.Pages;
using Ledger.Pages.Jobs;
using Ledger.Pages.Log;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.SystemTests.Browser;

/// <summary>What the console reads is read by index, however many jobs there are.</summary>
public sealed class PlanTests
{
    private const int Jobs = 60_000;

    [SkippableFact]
    public async Task With_many_jobs_no_page_reads_a_whole_table()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await FillAsync(connection);
        string[] bots = ["bot-1", "bot-2"];
        var nights = DateTime.SpecifyKind(new DateTime(2026, 5, 20), DateTimeKind.Utc);
        foreach (var (owner, method, most, parameters) in new (Type, string, int, object[])[]
        {
            (typeof(JobCounts), nameof(JobCounts.ByStatusAsync), 1000, [bots, 100, new[] { "queued", "completed", "failed", "cancelled" }]),
            (typeof(JobReader), nameof(JobReader.ListAsync), 200, [bots, DBNull.Value, DBNull.Value, DBNull.Value, 26]),
            (typeof(JobReader), nameof(JobReader.ListAsync), 200, [bots, "failed", nights, Guid.Empty, 26]),
            (typeof(ErasedByNight), "ReadAsync", Jobs / 100, [bots, new[] { nights, nights }, nights]),
            (typeof(LogOverview), nameof(LogOverview.StateAsync), 5, []),
        })
        {
            var plan = await ExplainAsync(connection, Sql.Load(owner, method), parameters);
            Assert.DoesNotMatch(@"Seq Scan on (mt_doc_job|mt_doc_jobstatus|change_log|log_checkpoints)", plan);
            var read = System.Text.RegularExpressions.Regex.Matches(
                plan, @"on (?:mt_doc_job|mt_doc_jobstatus|change_log|log_checkpoints)\b.*?actual rows=(\d+)[\d.]* loops=(\d+)")
                .Sum(match => long.Parse(match.Groups[1].Value) * long.Parse(match.Groups[2].Value));
            Assert.True(read <= most, $"{owner.Name}.{method} reads {read} rows:\n{plan}");
        }
    }

    /// <summary>Jobs of ten bots, ten minutes apart, of which one in a hundred failed.</summary>
    private static async Task FillAsync(NpgsqlConnection connection)
    {
        await using var fill = new NpgsqlCommand(
            $"""
            insert into ledger.mt_doc_job (id, data, bot, client, submitted_at, planned_at, status)
            select md5(n::text)::uuid, '{"{}"}', 'bot-' || n % 10, 'cs', '2026-06-01'::timestamptz - n * interval '10 minutes', now(),
                case when n % 1000 < 10 then 'failed' when n < 5000 then 'queued' else 'completed' end
            from generate_series(1, {Jobs}) n;
            insert into ledger.mt_doc_jobstatus (id, data) select id, '{"{}"}' from ledger.mt_doc_job;
            insert into ledger.change_log
            select bot, row_number() over (order by submitted_at), id, id, 1, 2, 1, submitted_at,
                '{"{\"deleted\": 3, \"skipped\": {}}"}' from ledger.mt_doc_job;
            insert into ledger.log_checkpoints select 'example.com/log', n, sha256(''), 'note', '2026-01-01', '2026-01-01'
                from generate_series(1, {Jobs}) n;
            update ledger.log_state set origin = 'example.com/log';
            analyze ledger.mt_doc_job, ledger.mt_doc_jobstatus, ledger.change_log, ledger.log_checkpoints;
            """,
            connection);
        await fill.ExecuteNonQueryAsync();
    }

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, string sql, object[] parameters)
    {
        await using var command = new NpgsqlCommand($"explain (analyze, timing off, costs off) {sql}", connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(
                parameter switch
                {
                    DBNull => new NpgsqlParameter
                    {
                        Value = parameter,
                        NpgsqlDbType = command.Parameters.Count switch
                        {
                            1 => NpgsqlDbType.Text,
                            2 => NpgsqlDbType.TimestampTz,
                            _ => NpgsqlDbType.Uuid,
                        },
                    },
                    _ => new NpgsqlParameter { Value = parameter },
                }
            );
        }
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
