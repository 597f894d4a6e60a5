using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Log;

namespace Ledger.SystemTests.Proofs;

/// <summary>
/// Whoever owns the database, the keys and the service can rewrite a job's history and log it anew: every signature and every hash is then
/// right. The job's proof shows it all the same, because the list was committed to before.
/// </summary>
public sealed class DishonestDatabaseTests
{
    /// <summary>Of a job that deleted conversations 0 to 4, by the versions 4 to 8, between its start (3) and its end (9).</summary>
    [SkippableTheory]
    [InlineData("An outcome in the middle is gone, and all counts follow", Remove6 + FourStarted + FourEnded, "the outcome of conversation 2 is missing")]
    [InlineData("The last outcome is gone, and all counts follow", Remove8 + FourStarted + FourEnded, "manifest")]
    [InlineData("The last outcome is gone, and the end's counts follow", Remove8 + FourEnded, "which its outcomes contradict")]
    [InlineData("An outcome is there twice, in another's place", "update ledger.mt_events set data = (select data from ledger.mt_events where stream_id = :job and version = 5) where stream_id = :job and version = 6", "the outcome of conversation 2 is missing: 1 comes in its place")]
    [InlineData("An outcome is there twice, under another's ordinal", "update ledger.mt_events set data = (select jsonb_set(data, '{ordinal}', '2') from ledger.mt_events where stream_id = :job and version = 5) where stream_id = :job and version = 6", "manifest")]
    [InlineData("An outcome is there twice, with all counts", Twice, "conversation 4 has more than one outcome")]
    [InlineData("Another list was committed to", "update ledger.mt_events set data = jsonb_set(data, '{manifestRoot}', to_jsonb(encode(sha256('x'), 'base64'))) where stream_id = :job and version = 3", "manifest")]
    [InlineData("An outcome is of another conversation", "update ledger.mt_events set data = jsonb_set(data, '{commitment}', to_jsonb(encode(sha256('x'), 'base64'))) where stream_id = :job and version = 8", "manifest")]
    [InlineData("A deletion was not confirmed", "update ledger.mt_events set data = jsonb_set(data, '{confirmedAbsent}', 'false') where stream_id = :job and version = 8", "confirm")]
    [InlineData("A deletion was outside the window", "update ledger.mt_events set timestamp = timestamp - interval '1 year' where stream_id = :job and version = 8", "outside of the window's opening")]
    public async Task A_history_that_was_rewritten_and_logged_anew_is_found_by_the_jobs_proof(string what, string rewriting, string found)
    {
        await using var service = await TestService.StartAsync();
        var (job, id) = await ErasedAsync(service);
        await LogAnewAsync(service);
        // the new log alone is not what is found below
        Assert.Equal(5, (await service.CheckJobAsync(await service.JobProofAsync(job))).Deleted);

        await service.ExecuteAsync($"""
            alter table ledger.mt_events disable trigger user; alter table ledger.mt_streams disable trigger user;
            {rewriting.Replace(":job", $"'{id}'", StringComparison.Ordinal)};
            update ledger.mt_streams s set version = (select max(version) from ledger.mt_events where stream_id = s.id) where id = '{id}'
            """);
        await LogAnewAsync(service);
        var proof = await service.JobProofAsync(job, "?ids=false");
        var invalid = await Assert.ThrowsAsync<InvalidProofException>(() => service.CheckJobAsync(proof));
        Assert.True(invalid.Message.Contains(found, StringComparison.Ordinal), $"{what}: {invalid.Message}");
    }

    [SkippableFact]
    public async Task A_row_that_was_changed_or_removed_behind_the_logs_back_gives_no_proof_that_holds()
    {
        await using var service = await TestService.StartAsync();
        var (job, id) = await ErasedAsync(service);
        await service.ExecuteAsync("alter table ledger.mt_events disable trigger user");
        await service.ExecuteAsync(
            "update ledger.mt_events set data = jsonb_set(data, '{items,messages}', '7') where stream_id = $1 and version = 5", id);
        var invalid = await Assert.ThrowsAsync<InvalidProofException>(async () =>
            await service.CheckJobAsync(await service.JobProofAsync(job))
        );
        Assert.Contains("are not those of the log", invalid.Message, StringComparison.Ordinal);
        invalid = await Assert.ThrowsAsync<InvalidProofException>(async () =>
            await service.CheckConversationAsync(await service.ConversationProofAsync(job, "a-00002"))
        );
        Assert.Contains("not in the log", invalid.Message, StringComparison.Ordinal);

        await service.ExecuteAsync("delete from ledger.mt_events where stream_id = $1 and version = 5", id);
        using var answer = await service.AskForProofAsync(job);
        Assert.Equal(503, (int)answer.StatusCode);
    }

    private const string Remove6 =
        "delete from ledger.mt_events where stream_id = :job and version = 6; update ledger.mt_events set version = version - 1 where "
        + "stream_id = :job and version > 6;";
    private const string Remove8 =
        "delete from ledger.mt_events where stream_id = :job and version = 8; update ledger.mt_events set version = version - 1 where "
        + "stream_id = :job and version > 8;";
    private const string FourStarted =
        """update ledger.mt_events set data = data || '{"conversations": 4}' where stream_id = :job and type = 'started';""";
    private const string FourEnded = """
        update ledger.mt_events
            set data = data || '{"conversations": 4, "deleted": 4, "items": {"messages": 4, "transcripts": 4, "recordings": 4, "attachments": 4, "logs": 4}}'
        where stream_id = :job and type = 'completed'
        """;
    private const string Twice =
        """
        update ledger.mt_events
            set version = 10,
            data = data || '{"deleted": 6, "items": {"messages": 6, "transcripts": 6, "recordings": 6, "attachments": 6, "logs": 6}}' where stream_id = :job and version = 9;
        insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        select nextval('ledger.mt_events_sequence'), gen_random_uuid(), stream_id, 9, data, type, timestamp
            from ledger.mt_events where stream_id = :job and version = 8
        """;

    private static async Task<(string Job, Guid Id)> ErasedAsync(TestService service)
    {
        await service.AddConversationsAsync("a", 5, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.True(JobId.TryParse(job, out var id));
        return (job, id.Value);
    }

    /// <summary>What the owner of everything can do: forget the tree and all that was signed, and log what the tables hold now.</summary>
    private static async Task LogAnewAsync(TestService service)
    {
        await service.ExecuteAsync(
            """
            alter table ledger.log_runs disable trigger user; alter table ledger.log_tiles disable trigger user;
            alter table ledger.log_state disable trigger user; alter table ledger.log_checkpoints disable trigger user;
            truncate ledger.log_runs, ledger.log_tiles, ledger.log_checkpoints, ledger.log_queue;
            update ledger.log_state set size = 0, root = sha256(''), covered_until = '-infinity';
            insert into ledger.log_queue (stream_id, first_version, last_version) select stream_id, min(version), max(version)
                from ledger.mt_events group by stream_id order by min(seq_id)
            """);
        File.Delete(Path.Combine(service.KeyDirectory, LogSigner.CheckpointFile));
        await service.WriteLogAsync();
    }
}
