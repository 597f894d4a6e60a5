using System.Text;
using Ledger.Notifications.Webhooks;
using Ledger.SystemTests.Notifications;
using Npgsql;

namespace Ledger.SystemTests.Keys;

/// <summary>
/// No raw identifier outside the sealed rows and what the conversation store still holds: not in any table (PostgreSQL's statistics among
/// them), not in a dump, not in any log, console page, mail, webhook or temporary file.
/// </summary>
public sealed class LeakTests
{
    private readonly DateTime _began = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-2); // file systems' clocks are coarse

    [SkippableFact]
    public async Task After_erasure_forgetting_and_rotation_nothing_that_is_kept_holds_an_erased_id_or_a_cId_without_conversations()
    {
        await using var smtp = await SmtpReceiver.StartAsync();
        await using var webhook = await WebhookReceiver.StartAsync();
        var log = new CapturedLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Lanes = true,
            Engine = true,
            Log = log,
            Execution = new() { RetryDelays = [.. new[] { 300, 600, 900 }.Select(delay => TimeSpan.FromMilliseconds(delay))] },
            Notifications = Outbox.Manual(smtp),
        });
        await service.SetBotAsync(webhook: webhook.Url, secret: WebhookSignature.NewSecret());
        var life = new ErasedLives();
        await life.LiveAsync(service);

        await using var connection = await service.OpenAsync();
        string[] said =
        [
            .. smtp.Mails.SelectMany(mail => mail.Parts).Select(part => part.Text), .. smtp.Mails.SelectMany(mail => mail.Headers.Values),
            .. webhook.Messages.Select(message => Encoding.UTF8.GetString(message.Body)), .. life.Said,
        ];
        var told = new Kept("mail, webhooks, pages and commands", string.Join('\n', said));
        var server = await TestDatabase.ServerAsync();
        Kept[] kept =
        [
            .. await Residue.OfDatabaseAsync(connection), await Residue.OfDumpAsync(service.Database), told,
            new("the service's log", log.Text),
            .. Residue.OfCluster(server.DataDirectory), .. Residue.OfFolder(service.KeyDirectory), .. Residue.OfTemporaryFiles(_began),
        ];
        Assert.Empty(RawIdentifier.Find([.. life.Erased], kept));
        // What was searched is what was written, and who still has a conversation is found in it.
        var found = RawIdentifier.Find([.. life.Stay], [.. kept.Where(one => one.Place is "pg_dump" or "conversations.conversations")]);
        foreach (var stays in life.Stay)
        {
            Assert.Contains($"{stays} as plain text in pg_dump", found);
            Assert.Contains($"{stays} as plain text in conversations.conversations", found);
        }
        foreach (
            var (place, text) in new[]
            {
                ("ledger.mt_events", "\"conversationIds\""),
                ("the service's log", "internal error"),
                ("wolverine.wolverine_node_records", "NodeStarted"),
                (told.Place, "deletion_job.completed"),
                (told.Place, "1 were there already"),
                ("pg_statistic", "rtm"),
                (Path.Combine(server.DataDirectory, "cluster", "server.log"), "database system is ready"),
            }
        )
            Assert.True(
                kept.Any(one => one.Place == place && one.Text.Contains(text, StringComparison.Ordinal)),
                $"{place} does not hold '{text}'");
    }

    [Theory]
    [InlineData("conv-0123456789", "plain text")]
    [InlineData("разговор-1", "plain text")]
    public void An_id_is_found_in_every_form_that_it_can_hide_in(string id, string plain)
    {
        Assert.Contains($"{id} as {plain}", RawIdentifier.Find(id, $"text {id} text"));
        Assert.Empty(RawIdentifier.Find(id, "text " + id[..^1] + " text"));
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            foreach (var before in new[] { "", "a", "ab", "abc" })
            {
                byte[] around = [.. Encoding.ASCII.GetBytes(before), .. encoding.GetBytes(id), .. "z"u8];
                foreach (
                    var text in new[]
                    {
                        Convert.ToHexString(around),
                        Convert.ToHexStringLower(around),
                        Convert.ToBase64String(around),
                        System.Buffers.Text.Base64Url.EncodeToString(around),
                    }
                )
                    Assert.NotEmpty(RawIdentifier.Find(id, text));
            }
        }
        Assert.NotEmpty(RawIdentifier.Find(id, System.Text.Json.JsonSerializer.Serialize(id)));
    }

    [SkippableFact]
    public async Task An_id_that_is_planted_is_found()
    {
        await using var service = await TestService.StartAsync();
        (string Place, string Plant, string Id)[] planted =
        [
            .. from one in new[]
            {
                // Statistics come first: what they are taken of goes again.
                (
                    "pg_statistic",
                    """
                    with two as (select $1 as cid union all select $1 || '2')
                    insert into conversations.channel_users select 'bot', cid, now() from two;
                    alter table conversations.channel_users alter column cid set statistics 100;
                    analyze conversations.channel_users;
                    delete from conversations.channel_users
                    """
                ),
                ("ledger.mt_event_progression", "insert into ledger.mt_event_progression (name) values ($1)"),
                ("conversations.analytics", "insert into conversations.analytics values ('bot', now(), $1, 1, 1)"),
                ("conversations.channel_users", "insert into conversations.channel_users values ('bot', $1, now())"),
                ("client_secrets", "insert into ledger.client_secrets values ('c', 's', $1::text::bytea)"),
                ("client_secrets", "insert into ledger.client_secrets values ('c', 't', encode($1::text::bytea, 'base64')::bytea)"),
                (
                    "client_secrets",
                    "insert into ledger.client_secrets select '', '', encode((repeat('x', 60) || $1)::bytea, 'base64')::bytea"),
                (
                    "mt_streams",
                    "insert into ledger.mt_streams (id, type, version) "
                        + "select gen_random_uuid(), encode(('x' || $1)::bytea, 'base64'), 1"
                ),
                (
                    "wolverine.wolverine_dead_letters",
                    "insert into wolverine.wolverine_dead_letters (id, body, message_type) values (gen_random_uuid(), $1::text::bytea, 'x')"
                ),
            }
            select (one.Item1, one.Item2, ErasedLives.Name("planted")),
        ];
        string[] ids = [.. planted.Select(one => one.Id)];
        await using var connection = await service.OpenAsync();
        Assert.Empty(RawIdentifier.Find(ids, await Residue.OfDatabaseAsync(connection)));
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var (_, plant, id) in planted)
        {
            foreach (var statement in plant.Split(';'))
            {
                await using var command = new NpgsqlCommand(statement, connection, transaction);
                if (statement.Contains("$1", StringComparison.Ordinal))
                    command.Parameters.Add(new() { Value = id });
                await command.ExecuteNonQueryAsync();
            }
        }
        var found = RawIdentifier.Find(ids, await Residue.OfDatabaseAsync(connection));
        foreach (var (place, _, id) in planted)
            Assert.Contains(found, one => one.StartsWith(id, StringComparison.Ordinal) && one.Contains(place, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_table_that_cannot_be_read_fails_the_search()
    {
        await using var service = await TestService.StartAsync();
        await using var connection = new NpgsqlConnection(service.Database.ConnectionStringFor("ledger_service"));
        await connection.OpenAsync();
        await Assert.ThrowsAsync<PostgresException>(() => Residue.OfDatabaseAsync(connection));
    }

    [SkippableFact]
    public async Task A_race_that_is_lost_and_a_save_that_fails_are_logged_without_statements_or_parameters()
    {
        var log = new CapturedLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Log = log });
        var conversation = ErasedLives.Name("raced");
        await service.ExecuteAsync("""
            create function public.refuse() returns trigger language plpgsql
                as $$ begin raise exception 'no' using errcode = 'MT003', detail = new.id::text; end $$;
            create trigger refuse before insert on ledger.mt_streams for each row when (new.type = 'job') execute function public.refuse()
            """);
        using var refused = await service.SendAsync(
            HttpMethod.Post, service.Deletions, new { conversationIds = new[] { conversation } });
        Assert.False(refused.IsSuccessStatusCode);
        Assert.NotEmpty(log.Text);
        foreach (var word in (string[])["mt_quick_append_events", "insert into", "Marten Executed", "MT003", conversation])
            Assert.DoesNotContain(word, log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_temporary_file_and_a_file_of_the_cluster_are_searched()
    {
        var (id, folder) = (ErasedLives.Name("planted"), Directory.CreateTempSubdirectory("ledger-leak-"));
        File.WriteAllText(Path.Combine(folder.CreateSubdirectory("inner").FullName, "spool"), id);
        Assert.NotEmpty(RawIdentifier.Find([id], [.. Residue.OfTemporaryFiles(_began)]));
        File.WriteAllText(Path.Combine(folder.CreateSubdirectory("cluster/base/pgsql_tmp").FullName, "sort"), id);
        File.WriteAllText(Path.Combine(folder.CreateSubdirectory("cluster/base/5").FullName, "1259"), id);
        var found = Residue.OfCluster(folder.FullName).Where(kept => RawIdentifier.Find([id], [kept]).Count > 0);
        Assert.Equal(["sort", "spool"], found.Select(kept => Path.GetFileName(kept.Place.Split(',')[0])).Distinct().Order());
        folder.Delete(recursive: true);
    }
}
