using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Registry;
using Npgsql;

namespace Ledger.Forgetting;

/// <summary>Every ten minutes, forgets the jobs that ended longer ago than their bot keeps keys.</summary>
internal sealed class KeyRetention(
    RegistryCache registry, JobForgetting forgetting, NpgsqlDataSource database, TimeProvider time, ILogger<KeyRetention> log)
    : Duty(TimeSpan.FromMinutes(10), time, log)
{
    private const int JobsPerStatement = 100;
    private static readonly string FindDueSql = Sql.Load(typeof(KeyRetention), nameof(FindDueAsync));

    /// <inheritdoc/>
    protected override string Failing => "jobs whose keys are out of retention are not forgotten";

    /// <summary>One pass over all bots.</summary>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        foreach (var bot in (await registry.CurrentAsync(cancel)).Bots.Values)
        {
            if (bot.KeyRetentionDays is not { } days)
                continue;
            while (await FindDueAsync(bot.BotId, TimeSpan.FromDays(days), cancel) is { Count: > 0 } due)
            {
                foreach (var job in due)
                {
                    if (await forgetting.ForgetAsync(job, "ledger", "retention", cancel) is { Rejection: { } rejection })
                        throw new InvalidOperationException(rejection.Message); // it was found as ended: going on would find it for ever
                }
                Log.LogInformation("forgot {Count} jobs of {Bot} that ended more than {Days} days ago", due.Count, bot.BotId, days);
            }
        }
    }

    private async Task<IReadOnlyList<JobId>> FindDueAsync(string bot, TimeSpan keptFor, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindDueSql);
        command.Parameters.AddWithValue(bot);
        command.Parameters.AddWithValue(keptFor);
        command.Parameters.AddWithValue(JobsPerStatement);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<JobId>();
        while (await reader.ReadAsync(cancel))
            due.Add(new JobId(reader.GetGuid(0)));
        return due;
    }
}
