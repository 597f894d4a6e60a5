using System.Security.Cryptography;
using Ledger.Cli;
using Ledger.Cli.Registry;
using Ledger.Cli.Run;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Conversations;
using Ledger.Engine;
using Ledger.Hosting;
using Ledger.Import;
using Ledger.Keys;
using Ledger.Notifications;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Web;
using Ledger.Windows;

namespace Ledger.Demo;

/// <summary>
/// The demo's run: import, submit over HTTP, wait for the deletion, verify. It is a client of the API like any other. Only its verification
/// also looks into the database.
/// </summary>
internal sealed class DemoRun(Terminal terminal, string folder, int port)
{
    private const string Actor = "ledger demo";

    /// <summary>Always open, so that nobody has to wait for the evening.</summary>
    private static readonly Window AlwaysOpen = new("demo", "0 0 * * * ?", "UTC", TimeSpan.FromHours(2), 4);

    private const string Owner = "owner@example.com";

    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(12);

    private static TimeProvider Time => TimeProvider.System;

    /// <exception cref="CommandException">Something did not match; the message says what.</exception>
    public async Task RunAsync(string? inputFile, bool once, CancellationToken cancel)
    {
        ListenAddresses.Check($"http://127.0.0.1:{port}");
        // A name for this run, so that a second one on the same folder has bots, users and conversations of its own.
        var run = RandomNumberGenerator.GetHexString(8, lowercase: true);
        var input = inputFile is null ? DemoInput.Generated(run) : await DemoInput.OfFileAsync(inputFile, cancel);
        terminal.Line($"Data in {Path.GetFullPath(folder)}");
        await using var database = await OpenDatabase.EmbeddedAsync(folder, new TerminalLog(terminal, LogLevel.Information), cancel);
        await using var store = await DemoStore.OpenAsync(database.Embedded!.SuperuserConnection, cancel);
        var client = await RegisterAsync(database, input, $"demo-{run}", cancel);
        await ImportAsync(database, input, cancel);

        var node = LedgerService.Build(Settings(database));
        await using var running = new RunningNode(node);
        await node.StartAsync(cancel);
        var address = ServeCommand.Addresses(node).First();
        terminal.Line($"The service listens on {address}; window '{AlwaysOpen.Name}' is open.");
        using var api = new DemoApi(address, () => TokenCommand.Mint(client, Time.GetUtcNow(), TokenLife));
        var verification = new DemoVerification(store);
        var proofs = new DemoProofs(api, verification, LogKeyFile.Read(database.Keys.Folder).Verifier, Path.GetFullPath(folder));
        var erased = await EraseAndVerifyAsync(api, store, input, verification, proofs, cancel);

        if (once)
        {
            await node.StopAsync(CancellationToken.None);
            terminal.Line(erased.Summary);
            return;
        }
        await new DemoGuide(terminal, address, TokenCommand.Mint(client, Time.GetUtcNow(), TokenLife)).PrintAsync(
            store, erased, proofs, Outbox, cancel);
        await node.WaitForShutdownAsync(cancel);
    }

    /// <summary>The mail that the bots' owners would get.</summary>
    private string Outbox => Path.Combine(Path.GetFullPath(folder), "outbox");

    private ServiceSettings Settings(OpenDatabase database) =>
        new()
        {
            Connection = database.Connection,
            Keys = database.Keys,
            Urls = $"http://127.0.0.1:{port}",
            Embedded = database.Embedded!.Postgres,
            Engine = new EngineOptions { IsAlone = true },
            // The limits stay on. A person who plays with the demo should not meet them.
            Http = new HttpOptions
            {
                Submits = new RateLimit(600, 18_000),
                Polls = new RateLimit(600, 18_000),
                PublicUrl = port == 0 ? null : new Uri($"http://127.0.0.1:{port}"),
            },
            Notifications = new NotificationOptions { MailFolder = Outbox },
            LogLevel = LogLevel.Warning,
        };

    /// <summary>The window, the bots and their twins, and a client that may do everything for all of them.</summary>
    private static async Task<ClientEntry> RegisterAsync(OpenDatabase database, DemoInput input, string clientId, CancellationToken cancel)
    {
        var registry = database.Registry;
        CommandException.ThrowIf(
            await registry.DefineWindowAsync(
                new DefineWindow(
                    AlwaysOpen.Name, AlwaysOpen.Cron, AlwaysOpen.TimeZone, (long)AlwaysOpen.Length.TotalSeconds, AlwaysOpen.Lanes, Actor,
                    null),
                cancel
            )
        );
        var (secretId, secret) = RegistryStore.NewSecret();
        CommandException.ThrowIf(await registry.ExecuteOnClientAsync(
            clientId, new AddClient(clientId, TokenAlgorithm.HS256, null, RequireExpiry: true, secretId, Actor, null), secret, cancel));
        await using var connection = await database.Source.OpenConnectionAsync(cancel);
        foreach (var (bot, first) in input.Bots.SelectMany(bot => new[] { (bot.Key, bot.Value), (DemoInput.Twin(bot.Key), bot.Value) }))
        {
            // Another file may have registered the bot with another creation, and left conversations that are older than this one's.
            var older = await new ConversationStore().FirstOfBotAsync(connection, bot, cancel);
            var createdAt = older is { } at && at < first ? at : first;
            if (await registry.ExecuteAsync(bot, new AddBot(bot, Owner, createdAt, null, AlwaysOpen.Name, Actor, null), cancel) is not null)
                CommandException.ThrowIf(
                    await registry.ExecuteAsync(bot, new ChangeBot(bot, Owner, createdAt, 0, AlwaysOpen.Name, Actor, null), cancel));
            CommandException.ThrowIf(
                await registry.ExecuteAsync(bot, new GrantClient(bot, clientId, Enum.GetValues<Scope>(), Actor, null), cancel));
        }
        var client = new ApiClient(clientId, TokenAlgorithm.HS256, null, RequireExpiry: true, [secretId], Revoked: false);
        return new ClientEntry(client, [new LiveSecret(secretId, secret)]);
    }

    private async Task ImportAsync(OpenDatabase database, DemoInput input, CancellationToken cancel)
    {
        // What an earlier demo has erased comes back for this one.
        var again = new TakeAgain(Actor, "a demo begins anew");
        await using (var own = input.Open())
            Tell("the bot", (await ImportCommand.RunAsync(terminal, database, own, asBot: null, again, cancel)).Totals);
        await using (var twins = input.OpenTwin())
        {
            var result = await ImportCommand.RunAsync(terminal, database, twins, DemoInput.Twin, again, cancel);
            Tell("a second bot, with the same cIds and conversation ids", result.Totals);
        }

        void Tell(string whose, ImportTotals totals) =>
            terminal.Line(
                $"Imported {totals.Imported:N0} conversations with {totals.Items:N0} items for {whose}"
                    + (totals.AlreadyThere > 0 ? $"; {totals.AlreadyThere:N0} were there already." : ".")
            );
    }

    private async Task<DemoErased> EraseAndVerifyAsync(
        DemoApi api, DemoStore store, DemoInput input, DemoVerification verification, DemoProofs proofs, CancellationToken cancel)
    {
        await store.SnapshotAsync(DemoStore.Before, [.. input.Bots.Keys, .. input.Bots.Keys.Select(DemoInput.Twin)], cancel);
        var jobs = await DemoPlan.MakeAsync(store, input, Time.GetUtcNow(), cancel);
        foreach (var job in jobs)
            await SubmitAsync(api, job, verification, cancel);
        var statuses = await new DemoWatch(terminal, api, Time).UntilAllEndedAsync(jobs, cancel);

        await store.SnapshotAsync(DemoStore.After, [.. input.Bots.Keys, .. input.Bots.Keys.Select(DemoInput.Twin)], cancel);
        foreach (var job in jobs)
        {
            var outcomes = await api.OutcomesAsync(job, cancel);
            await verification.VerifyAsync(job, statuses[job.Number], outcomes, cancel);
            await proofs.VerifyAsync(job, statuses[job.Number], outcomes, cancel);
        }
        await verification.VerifyStoreAsync([.. input.Bots.Keys.Select(DemoInput.Twin)], cancel);
        return Conclude(jobs, verification, proofs);
    }

    private async Task SubmitAsync(DemoApi api, DemoJob job, DemoVerification verification, CancellationToken cancel)
    {
        job.Id = await api.SubmitAsync(job, cancel);
        terminal.Line($"Job {job.Number}: {job.Title}");
        terminal.Line($"       {job.Id}");
        if (job.IdempotencyKey is null)
            return;
        verification.Same(
            $"job {job.Number}", "the job of the first request with its Idempotency-Key", job.Id.ToString(), "that of the second",
            (await api.SubmitAsync(job, cancel)).ToString());
        terminal.Line("       sent twice with one Idempotency-Key: one job");
    }

    private DemoErased Conclude(IReadOnlyList<DemoJob> jobs, DemoVerification verification, DemoProofs proofs)
    {
        var erased = new DemoErased(jobs, verification.Conversations, verification.Items);
        if (verification.Mismatches.Count > 0)
        {
            terminal.Line(erased.Text(proofs.Hold ? "verified" : "FAILED", isOk: false));
            throw new CommandException(
                $"the demo found {verification.Mismatches.Count} mismatch(es):\n"
                    + string.Join('\n', verification.Mismatches.Select(mismatch => $"  {mismatch}"))
            );
        }
        terminal.Line(
            "Checked: status, outcomes, events and what the store lost agree in every number; every manifest root follows from the "
            + "outcomes;"
        );
        terminal.Line(
            "         what should stay stayed, the second bot lost nothing; the analytics rows are all there and hold no id and no text.");
        terminal.Line("         the erasure proof of every job, and of a conversation of each, holds by the log's public key alone.");
        return erased;
    }
}

/// <summary>The totals of what a demo erased.</summary>
internal sealed record DemoErased(IReadOnlyList<DemoJob> Jobs, long Conversations, ItemCounts Items)
{
    public string Summary => Text("verified", isOk: true);

    public string Text(string proof, bool isOk) =>
        $"{(isOk ? "OK" : "FAILED")} jobs={Jobs.Count} conversations={Conversations} items={Items.Sum()} proof={proof}";
}
