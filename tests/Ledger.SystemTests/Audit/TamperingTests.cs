using Ledger.SystemTests.EventStore;
using Ledger.Contracts.Transparency;

namespace Ledger.SystemTests.Audit;

/// <summary>Whatever a superuser changes in the database of a running service, the audit finds and names.</summary>
public sealed class TamperingTests
{
    [Fact]
    public async Task An_untouched_ledger_holds_and_the_audit_says_what_it_checked_and_what_it_cannot_show()
    {
        await using var audited = await AuditedService.StartAsync();
        var result = await audited.AuditAsync("--checkpoint", await audited.KeepCheckpointAsync());
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains("The database holds: nothing differs.", result.Output, StringComparison.Ordinal);
        Assert.Matches($"leaves\t{await audited.SizeAsync()} re-derived from their events", result.Output);
        var streams = await audited.Service.ScalarAsync<long>("select count(*) from ledger.mt_streams");
        Assert.Matches($"streams\t{streams}, {await audited.SizeAsync()} events replayed", result.Output);
        Assert.Contains(
            "that a job's list, as resolved when it started, was all that the conversation store held", result.Output,
            StringComparison.Ordinal);
        Assert.Equal("", result.Error);

        var pool = $"{audited.Service.Database.ConnectionStringFor("ledger_service")};Maximum Pool Size=";
        Assert.Equal(0, (await audited.AuditOnAsync($"{pool}7")).ExitCode);
        Assert.Contains("an audit needs 7 connections", (await audited.AuditOnAsync($"{pool}6")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_event_is_named_by_leaf_stream_and_version()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            "update ledger.mt_events set data = jsonb_set(data, '{items,messages}', '7') where stream_id = $1 and version = 4",
            audited.Stream);
        await audited.FindsAsync([
            $"An event was changed: leaf {await audited.LeafAsync(4)}, version 4 of {audited.Job} (conversation_deleted)",
            $"A status document differs: the document in ledger.mt_doc_jobstatus of {audited.Job}",
        ]);
    }

    [Fact]
    public async Task A_changed_instant_is_named_too()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            "update ledger.mt_events set timestamp = timestamp + interval '1 millisecond' where stream_id = $1 and version = 5",
            audited.Stream);
        await audited.FindsAsync([$"An event was changed: leaf {await audited.LeafAsync(5)}, version 5 of {audited.Job}"]);
    }

    [Theory]
    [InlineData("update ledger.change_log set outcomes = jsonb_set(outcomes, '{deleted}', '3') where stream_id = $1 and outcomes is not null", "\"deleted\":2")]
    [InlineData("delete from ledger.change_log where stream_id = $1 and first_version = 7", "none")]
    [InlineData("update ledger.change_log set bot_id = 'st-other' where stream_id = $1 and first_version = 1", "st-other")]
    [InlineData("insert into ledger.change_log select bot_id, position + 100000, id, stream_id, 100, 100, first_leaf, created_at from ledger.change_log where stream_id = $1 and first_version = 1", "none")]
    public async Task An_entry_of_a_change_log_that_was_changed_removed_or_added_is_named(string tampering, string words)
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.HoldsAsync();
        await audited.TamperAsync(tampering, audited.Stream);
        await audited.FindsAsync([$"The change log differs: the entries in ledger.change_log of {audited.Job}", words]);
    }

    [Fact]
    public async Task A_schema_that_is_not_what_the_migrations_made_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.Service.ExecuteAsync("drop trigger events_stay on ledger.mt_events");
        await audited.FindsAsync(["The schema differs: the trigger events_stay of mt_events", "found     none"]);
    }

    [Fact]
    public async Task A_removed_event_is_named_by_leaf_stream_and_version()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync("delete from ledger.mt_events where stream_id = $1 and version = 5", audited.Stream);
        await audited.FindsAsync(
        [
            $"An event was removed: leaf {await audited.LeafAsync(5)}, version 5 of {audited.Job}", "no such row in ledger.mt_events",
            $"A stream's versions differ: stream {audited.Job}", "version 5 after version 4",
        ]);
    }

    [Fact]
    public async Task A_removed_stream_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        var leaf = await audited.LeafAsync(1);
        await audited.TamperAsync("delete from ledger.mt_events where stream_id = $1", audited.Stream);
        await audited.FindsAsync([
            $"An event was removed: leaf {leaf}, version 1 of {audited.Job}",
            $"A row belongs to nothing: the row of {audited.Stream} in ledger.mt_streams",
        ]);
    }

    [Fact]
    public async Task An_event_inserted_past_the_log_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            """
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type)
            select nextval('ledger.mt_events_sequence'), gen_random_uuid(), stream_id, 8, data, type, timestamp, mt_dotnet_type
                from ledger.mt_events where stream_id = $1 and version = 4
            """,
            audited.Stream);
        await audited.FindsAsync(
        [
            $"An event is not in the log: version 8 of {audited.Job}", $"An event breaks a rule: version 8 of {audited.Job}",
            $"A stream's versions differ: stream {audited.Job}", "version 7, as its row in ledger.mt_streams says",
        ]);
    }

    [Fact]
    public async Task An_event_inserted_so_that_the_log_takes_it_is_named_by_what_it_contradicts()
    {
        await using var audited = await AuditedService.StartAsync();
        var data = await audited.Service.ScalarAsync<string>(
            "select data::text from ledger.mt_events where stream_id = $1 and version = 4", audited.Stream);
        await audited.Service.ExecuteAsync(RawAppend.Insertion(audited.Stream, 8, "conversation_deleted", data));
        await audited.Service.WriteLogAsync();
        Assert.Equal(await audited.SizeAsync() - 1, await audited.LeafAsync(8));
        var output = await audited.FindsAsync([$"An event breaks a rule: version 8 of {audited.Job}"]);
        Assert.DoesNotContain("An event is not in the log", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_events_whose_data_were_exchanged_are_named_as_reordered()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            "update ledger.mt_events e set data = other.data from ledger.mt_events other where e.stream_id = $1 and other.stream_id = $1 "
            + "and (e.version, other.version) in ((4, 5), (5, 4))",
            audited.Stream);
        await audited.FindsAsync([
            $"Events were reordered: leaf {await audited.LeafAsync(4)}, version 4 of {audited.Job}",
            $"the one that was logged here stands at leaf {await audited.LeafAsync(5)}, version 5",
        ]);
    }

    [Fact]
    public async Task Two_rows_of_the_leaf_map_that_were_exchanged_are_named_as_reordered()
    {
        await using var audited = await AuditedService.StartAsync();
        var (first, third) = (await audited.LeafAsync(1), await audited.LeafAsync(3));
        await audited.TamperAsync(
            """
            update ledger.log_runs set first_version = first_version + 100 where stream_id = $1 and first_version = 1;
            """.Replace("$1", $"'{audited.Stream}'", StringComparison.Ordinal)
                + $"update ledger.log_runs set first_version = 1, count = 1 where stream_id = '{audited.Stream}' and first_version = 3;"
                + $"update ledger.log_runs set first_version = 3, count = 1 where stream_id = '{audited.Stream}' and first_version = 101;"
        );
        var output = await audited.FindsAsync([
            $"Events were reordered: leaf {first}, version 3 of {audited.Job}", $"the event that was logged as leaf {third}",
        ]);
        Assert.Contains("Events are logged out of order", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_is_logged_twice_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            $"""
            update ledger.log_runs set count = count + 1
            where first_index = (select max(first_index) from ledger.log_runs where stream_id = '{audited.Stream}');
            insert into ledger.log_queue (stream_id, first_version, last_version) values ('{audited.Stream}', 4, 4)
            """);
        await audited.FindsAsync([
            $"An event is in the log twice: version 4 of {audited.Job}", "also queued", "The map from leaf to event differs",
        ]);
    }

    [Fact]
    public async Task An_edited_status_document_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.Service.ExecuteAsync(
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '3') where id = $1", audited.Stream);
        var output = await audited.FindsAsync([
            $"A status document differs: the document in ledger.mt_doc_jobstatus of {audited.Job}", "\"deletedCount\": 3",
            "\"deletedCount\": 2",
        ]);
        Assert.DoesNotContain("An event", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update ledger.mt_doc_bot set data = jsonb_set(data, '{ownerMail}', '\"thief@example.com\"')", "A registry document differs: the document in ledger.mt_doc_bot of ")]
    [InlineData("update ledger.mt_doc_apiclient set mt_version = mt_version + 1", "A registry document differs: the document in ledger.mt_doc_apiclient of ")]
    [InlineData("update ledger.mt_doc_job set client = 'somebody'", "A job's document differs: the document in ledger.mt_doc_job of cdj-")]
    [InlineData("update ledger.job_manifest set outcomes = set_byte(outcomes, 0, 18)", "A manifest differs: the outcomes in ledger.job_manifest of cdj-")]
    [InlineData("update ledger.job_manifest set subtree_root = sha256('x')", "A manifest differs: the list in ledger.job_manifest of cdj-")]
    [InlineData("delete from ledger.mt_doc_jobstatus", "A status document differs: the document in ledger.mt_doc_jobstatus of cdj-")]
    [InlineData("insert into ledger.job_work values (gen_random_uuid())", "A row belongs to nothing: the row of ")]
    public async Task An_edited_document_or_row_is_named(string edit, string finding)
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(edit);
        await audited.FindsAsync([finding]);
    }

    [Fact]
    public async Task The_rest_of_a_cancelled_jobs_list_is_held_to_the_list()
    {
        await using var audited = await AuditedService.StartAsync(new TestServiceOptions { Execution = new() { BatchSize = 4 } });
        await audited.Service.AddConversationsAsync("b", 9, "user-2");
        var job = await audited.Service.SubmitAsync(new { cId = "user-2" });
        await audited.Service.RunToStartAsync(job);
        await audited.Service.RunStepAsync();
        using (var cancelled = await audited.Service.SendAsync(HttpMethod.Delete, $"{audited.Service.Deletions}/{job}"))
            Assert.Equal(System.Net.HttpStatusCode.Accepted, cancelled.StatusCode);
        await audited.Service.WriteLogAsync();
        await audited.HoldsAsync();
        await audited.TamperAsync("update ledger.job_manifest_rest set roots = set_byte(roots, 0, get_byte(roots, 0) # 1)");
        await audited.FindsAsync([$"A manifest differs: the list's rest in ledger.job_manifest_rest of {job}"]);
    }

    [Fact]
    public async Task A_waiting_jobs_document_that_is_not_what_its_events_say_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        var waiting = await audited.Service.SubmitAsync(new { cId = "user-1" });
        await audited.Service.ExecuteAsync(
            "update ledger.mt_doc_job set data = jsonb_set(data, '{isStarted}', 'true') where status = 'queued'");
        await audited.FindsAsync([$"A job's document differs: the document in ledger.mt_doc_job of {waiting}"]);
        await audited.Service.ExecuteAsync("delete from ledger.mt_doc_job where status = 'queued'");
        await audited.FindsAsync([$"A job's document differs: the document in ledger.mt_doc_job of {waiting}", "found     none"]);
    }

    [Fact]
    public async Task An_edited_tile_is_named_and_no_event_is_blamed()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync(
            "update ledger.log_tiles set hashes = set_byte(hashes, 32 * 3 + 5, get_byte(hashes, 32 * 3 + 5) # 1) where level = 0");
        var output = await audited.FindsAsync(["A tile was changed: tile 0/0, hash 3"]);
        Assert.DoesNotContain("An event", output, StringComparison.Ordinal);
        Assert.DoesNotContain("root differs", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_tile_and_the_hash_above_it_are_told_apart()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.Service.AddConversationsAsync("b", 600, "user-2");
        await audited.Service.SubmitAsync(new { cId = "user-2" });
        await audited.Service.RunSlicesAsync();
        await audited.HoldsAsync();
        await audited.TamperAsync(
            "update ledger.log_tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and number = 1");
        Assert.DoesNotContain("An event", await audited.FindsAsync(["A tile was changed: tile 0/1, hash 1"]), StringComparison.Ordinal);
        await audited.TamperAsync(
            "update ledger.log_tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and number = 1");
        await audited.TamperAsync(
            "update ledger.log_tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 1 and number = 0");
        Assert.DoesNotContain("An event", await audited.FindsAsync(["A tile was changed: tile 1/0, hash 1"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_root_or_size_of_the_log_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        await audited.TamperAsync("update ledger.log_state set root = sha256('x')");
        await audited.FindsAsync([$"The log's size or root differs: the log's root at size {await audited.SizeAsync()}"]);
    }

    [Fact]
    public async Task A_checkpoint_in_the_database_that_another_key_signed_is_named()
    {
        await using var audited = await AuditedService.StartAsync();
        var size = await audited.SizeAsync();
        var note = await audited.Service.ScalarAsync<string>("select note from ledger.log_checkpoints where size = $1", size);
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(note).Text);
        var forged = new SignedNote(
            checkpoint.Text, [new NoteSigner(checkpoint.Origin, NoteKeyType.Ed25519, new byte[32]).Sign(checkpoint.Text)]);
        await audited.TamperAsync("update ledger.log_checkpoints set note = $1 where size = $2", forged.ToString(), size);
        await audited.FindsAsync([
            $"A checkpoint is not the log's: the checkpoint of {checkpoint.Origin} at size {size}", "it is signed by another key",
        ]);
    }

    [Fact]
    public async Task An_audit_while_the_service_appends_holds()
    {
        await using var audited = await AuditedService.StartAsync(new TestServiceOptions { WriterLoop = true });
        await audited.Service.AddConversationsAsync("b", 3000, "user-2");
        using var stop = new CancellationTokenSource();
        var appending = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await audited.Service.SubmitAsync(
                    i == 0 ? new { cId = "user-2" } : (object)new { conversationIds = new[] { $"none-{i}" } });
                await audited.Service.RunSlicesAsync();
            }
        });
        var before = await audited.SizeAsync();
        for (var i = 0; i < 5; i++)
            await audited.HoldsAsync();
        await stop.CancelAsync();
        await appending;
        Assert.True(await audited.SizeAsync() > before, "nothing was appended meanwhile");
        await audited.HoldsAsync();
    }
}
