using Ledger.Audit;
using Ledger.Audit.Rebuilding;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Rebuilding;

/// <summary>Rebuilds of a test's ledger, and what its projections hold.</summary>
internal static class Rebuilds
{
    public static Task<RebuildReport> RebuildAsync(
        this TestService service, Action<RebuildProgress>? progress = null, TimeSpan? lockTimeout = null,
        CancellationToken cancel = default) =>
        new Rebuild(service.Connection(), TestStore.One, TimeProvider.System) { LockTimeout = lockTimeout ?? Patience.Limit }.RunAsync(
            progress ?? (_ => { }), cancel);

    /// <summary>The verb, as somebody types it.</summary>
    public static Task<CliResult> RebuildVerbAsync(this TestService service) =>
        CliDatabase.RunAsync(["rebuild", "--connection", service.Connection()]);

    public static string Connection(this TestService service) => service.Database.ConnectionStringFor("ledger_service");

    /// <summary>Everything that the audit compares must be the fold of its events.</summary>
    public static async Task AssertAuditHoldsAsync(this TestService service)
    {
        // What nobody signs within ten seconds is a finding of its own.
        await service.WriteLogAsync();
        var report = await DatabaseAudit.RunAsync(service.Source, new AuditRequest(), CancellationToken.None);
        Assert.True(
            report.Findings.Count == 0,
            string.Join('\n', report.Findings.Select(finding => $"{finding.Kind} {finding.Where}: {finding.Expected} / {finding.Found}")));
        Assert.True(report.Documents > 0);
    }

    /// <summary>
    /// A digest of every row of every projection, with where it lies and which transaction wrote it: a row that was written again as it
    /// was is another.
    /// </summary>
    public static Task<string> ProjectionsAsync(this TestService service) => service.ScalarAsync<string>(
        """
        select md5(string_agg(r, '|' order by r)) from (
            select concat_ws(' ', t.ctid, t.xmin, t::text) r from ledger.mt_doc_jobstatus t union all
            select concat_ws(' ', t.ctid, t.xmin, t::text) from ledger.mt_doc_bot t union all
            select concat_ws(' ', t.ctid, t.xmin, t::text) from ledger.mt_doc_apiclient t union all
            select concat_ws(' ', t.ctid, t.xmin, t::text) from ledger.mt_doc_deletionwindow t union all
            select concat_ws(' ', t.ctid, t.xmin, t::text) from ledger.change_log t union all
            select concat_ws(' ', t.ctid, t.xmin, t::text) from ledger.mt_doc_job t) rows
        """);

    /// <summary>Makes four rows wrong in each way that a row can be: two different, one missing, one surplus.</summary>
    public static async Task TamperAsync(this TestService service, string different, string missing)
    {
        await service.ExecuteAsync(
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '77') where id = $1", Stream(different));
        await service.ExecuteAsync("update ledger.mt_doc_job set status = 'failed' where id = $1", Stream(different));
        await service.ExecuteAsync("delete from ledger.mt_doc_jobstatus where id = $1", Stream(missing));
        await service.ExecuteAsync(
            "insert into ledger.mt_doc_job (id, data, mt_version, bot, client, submitted_at, planned_at, status) "
            + "values ('11111111-1111-5111-8111-111111111111', '{}', 2, $1, 'nobody', now(), now() + interval '1 day', 'queued')",
                service.Bot);
    }

    public static Guid Stream(string job) => Guid.Parse(job["cdj-".Length..]);
}
