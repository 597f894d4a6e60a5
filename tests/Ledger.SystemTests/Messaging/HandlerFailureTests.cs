using Ledger.Engine;
using Ledger.Execution.Turns;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Keys;
using Ledger.Windows;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Messaging;

/// <summary>A handler that fails, because of something whose text quotes an identifier.</summary>
public sealed class HandlerFailureTests
{
    [SkippableFact]
    public async Task Neither_the_engines_tables_nor_the_log_have_its_text()
    {
        var log = new CapturedLog();
        await using var service = await TestService.StartAsync(new TestServiceOptions { Engine = true, Log = log });
        var id = ErasedLives.Name("quoted");
        await service.AddConversationsAsync(id, 1, "user-1");
        await service.ExecuteAsync(
            """
            create function public.quote() returns trigger language plpgsql security definer as $$
            begin
                raise exception 'conversation % is locked', (select conversation_id from conversations.conversations)
                    using errcode = 'LV999', detail = (select conversation_id from conversations.conversations);
            end $$;
            create trigger quote before delete on ledger.window_wakes for each statement execute function public.quote()
            """);
        // The trigger quotes: this check can fail.
        var thrown = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => service.Services.GetRequiredService<WindowTurns>().RunAsync("test"));
        Assert.Contains(id, thrown.MessageText, StringComparison.Ordinal);

        await service.Services.GetRequiredService<Messages>().SendAsync(new WakeWindow("test", null), TimeSpan.Zero);
        await Steps.UntilAsync("it fails nowhere", () => service.ScalarAsync<bool>(
            $"select exists ({EngineScene.Messages} having count(*) filter (where attempts > 0) > 0)"));
        await AssertSilentAsync(service, log, id);
        await Steps.UntilAsync("it is given up nowhere", () => service.ScalarAsync<bool>(
            "select exists (select from wolverine.wolverine_dead_letters)"));
        Assert.Equal(
            "PostgresException LV999: the message could not be handled: PostgresException LV999",
            await service.ScalarAsync<string>(
                "select exception_type || ': ' || exception_message from wolverine.wolverine_dead_letters"));
        await AssertSilentAsync(service, log, id);
        Assert.Contains("the message could not be handled", log.Text, StringComparison.Ordinal);
    }

    private static async Task AssertSilentAsync(TestService service, CapturedLog log, string id)
    {
        await using var connection = await service.OpenAsync();
        var kept = (await Residue.OfDatabaseAsync(connection))
            .Where(one => !one.Place.StartsWith("conversations.", StringComparison.Ordinal)).ToList();
        Assert.Contains(kept, one => one.Place.StartsWith("wolverine.", StringComparison.Ordinal));
        Assert.Empty(RawIdentifier.Find([id], [.. kept, new("the service's log", log.Text)]));
    }
}
