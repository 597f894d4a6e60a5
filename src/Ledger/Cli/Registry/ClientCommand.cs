using System.CommandLine;
using System.Text;
using Ledger.Cli.Log;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Registry;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger client add|list|grant|revoke|rotate</c></summary>
internal static class ClientCommand
{
    public static Verb Verb() =>
        new Verb(
            "client", "The API clients, their secrets and what they may do.",
            "ledger client add cs-1 --bot st-1 --scope delete-conversations") { Add(), List(), Grant(), Revoke(), Rotate() };

    private static Verb Add()
    {
        var verb = new Verb(
            "add", "Registers an API client. For HS256 and HS512 a secret is made and shown, once.",
            "ledger client add cs-1 --bot st-1 --scope delete-conversations --scope logs-history\nledger client add cs-2 --alg RS256 "
            + "--public-key client.pem --require-expiry",
            "The client's id is what its tokens carry in the claim `appId`. With --bot and --scope it may act at once; else follow with "
            + "`ledger client grant`."
        );
        var client = new Argument<string>("CLIENT") { Description = "The client's id." };
        var algorithm = new Option<TokenAlgorithm>("--alg")
        {
            Description = "The one algorithm of its tokens.",
            HelpName = "ALG",
            DefaultValueFactory = _ => TokenAlgorithm.HS256,
            CustomParser = result => OptionValues.Named<TokenAlgorithm>(result, "--alg") ?? default,
        };
        var publicKey = new Option<string?>("--public-key")
        {
            Description = "For RS256, RS512 and ES256: its public key, PEM.",
            HelpName = "FILE",
        };
        var requireExpiry = new Option<bool>("--require-expiry") { Description = "Refuse its tokens without an `exp`." };
        var bot = new Option<string?>("--bot") { Description = "A bot that it may act for.", HelpName = "BOT" };
        var scopes = OptionValues.Scopes("What it may do for --bot.");
        verb.Add(client);
        foreach (var option in new Option[] { algorithm, publicKey, requireExpiry, bot, scopes })
            verb.Add(option);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var id = parsed.GetValue(client)!;
                var (alg, granted, grantedBot) = (parsed.GetValue(algorithm), parsed.GetValue(scopes)!, parsed.GetValue(bot));
                if (grantedBot is null != (granted.Length == 0))
                    throw CommandException.Usage("--bot and --scope go together: name both, or neither");
                RefuseForAllBots(grantedBot, granted);
                var pem = await PublicKeyFile.ReadAsync(alg, parsed.GetValue(publicKey), cancel);
                await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: pem is null);
                // Before anything is recorded: the secret is shown once, so nothing after its making should fail for a reason that can be
                // known now.
                if (grantedBot is not (null or RegistryDecisions.AllBots)
                    && !(await RegistryAsync(opened, DocumentJson.Default.Bot, cancel)).Exists(known => known.BotId == grantedBot))
                    throw new CommandException("there is no such bot: register it with `ledger bot add`");
                var (secretId, secret) = pem is null ? RegistryStore.NewSecret() : (null, null);
                CommandException.ThrowIf(
                    await opened.Registry.ExecuteOnClientAsync(
                        id, new AddClient(id, alg, pem, parsed.GetValue(requireExpiry), secretId, by.Actor(parsed), by.Reason(parsed)),
                        secret, cancel)
                );
                var terminal = Terminal.Of(parsed);
                terminal.Note("The client is registered.");
                if (secret is not null)
                    ShowSecret(terminal, alg, secret);
                if (grantedBot is not null)
                    await GrantAsync(opened, new GrantClient(grantedBot, id, granted, by.Actor(parsed), by.Reason(parsed)), cancel);
            }
        );
        return verb;
    }

    private static Verb Grant()
    {
        var verb = new Verb(
            "grant", "Lets a client act for a bot, with these scopes and no others: an earlier grant for the same bot is replaced.",
            "ledger client grant cs-1 --bot st-1 --scope \"Delete Conversations\" --scope ledger-audit\n"
                + "ledger client grant auditor --bot '*' --scope ledger-audit",
            "--bot '*' stands for all bots, also for those to come, and is for Ledger Audit alone: whoever mirrors the log needs it.");
        var client = new Argument<string>("CLIENT") { Description = "The client's id." };
        var bot = new Option<string>("--bot")
        {
            Description = "The bot; '*': all bots, present and future.",
            HelpName = "BOT",
            Required = true,
        };
        var scopes = OptionValues.Scopes("What it may do.", required: true);
        verb.Add(client);
        verb.Add(bot);
        verb.Add(scopes);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var grant = new GrantClient(
                    parsed.GetValue(bot)!, parsed.GetValue(client)!, parsed.GetValue(scopes)!, by.Actor(parsed), by.Reason(parsed));
                RefuseForAllBots(grant.Bot, grant.Scopes);
                await using var opened = await database.OpenAsync(parsed, cancel);
                await GrantAsync(opened, grant, cancel);
                Terminal.Of(parsed).Line("The grant is recorded.");
            }
        );
        return verb;
    }

    /// <exception cref="CommandException">The bot stands for all bots, and a scope cannot be granted for all of them.</exception>
    private static void RefuseForAllBots(string? bot, IEnumerable<Scope> scopes)
    {
        if (bot == RegistryDecisions.AllBots && scopes.Any(scope => scope != Scope.LedgerAudit))
            throw CommandException.Usage("for all bots (--bot '*') only 'Ledger Audit' can be granted: name the bot for other scopes");
    }

    /// <summary>Grants, for one bot or for all.</summary>
    private static async Task GrantAsync(OpenDatabase database, GrantClient grant, CancellationToken cancel) => CommandException.ThrowIf(
        grant.Bot == RegistryDecisions.AllBots
            ? await database.Registry.ExecuteOnClientAsync(
                grant.Client, new GrantLedgerAudit(grant.Client, grant.Actor, grant.Reason), secret: null, cancel)
            : await database.Registry.ExecuteAsync(grant.Bot, grant, cancel));

    private static Verb Revoke()
    {
        var verb = new Verb(
            "revoke", "Takes a client's grant for one bot away; without --bot shuts the client out everywhere, for good.",
            "ledger client revoke cs-1 --bot st-1\nledger client revoke cs-1 --yes --reason 'secret leaked'");
        var client = new Argument<string>("CLIENT") { Description = "The client's id." };
        var bot = new Option<string?>("--bot")
        {
            Description = "The bot that it may no longer act for; '*': the grant for all bots.",
            HelpName = "BOT",
        };
        var yes = new Option<bool>("--yes") { Description = "Without --bot: yes, for good." };
        verb.Add(client);
        verb.Add(bot);
        verb.Add(yes);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var (id, from) = (parsed.GetValue(client)!, parsed.GetValue(bot));
                if (from is null && !parsed.GetValue(yes))
                    throw CommandException.Usage(
                        "without --bot this shuts the client out everywhere, for good: add --yes, or name the bot");
                await using var opened = await database.OpenAsync(parsed, cancel);
                CommandException.ThrowIf(
                    from is null
                        ? await opened.Registry.ExecuteOnClientAsync(
                            id, new RevokeClient(id, by.Actor(parsed), by.Reason(parsed)), secret: null, cancel)
                        : from == RegistryDecisions.AllBots
                        ? await opened.Registry.ExecuteOnClientAsync(
                            id, new RevokeLedgerAudit(id, by.Actor(parsed), by.Reason(parsed)), secret: null, cancel)
                        : await opened.Registry.ExecuteAsync(from, new RevokeGrant(from, id, by.Actor(parsed), by.Reason(parsed)), cancel)
                );
                Terminal
                    .Of(parsed)
                    .Line(
                        from is null
                            ? "The client is shut out. Its tokens are refused within a second."
                            : from == RegistryDecisions.AllBots
                            ? "The client may no longer audit the whole ledger. Its grants for single bots stay."
                            : "The client may no longer act for the bot."
                    );
            }
        );
        return verb;
    }

    private static Verb Rotate()
    {
        var verb = new Verb(
            "rotate", "Gives a client a new secret, shown once; the one before stays good until --finish.",
            "ledger client rotate cs-1\nledger client rotate cs-1 --finish",
            "Two secrets live at most: rotate, hand the new one to the client, and when it uses it, --finish retires all but the newest.");
        var client = new Argument<string>("CLIENT") { Description = "The client's id." };
        var finish = new Option<bool>("--finish") { Description = "Retire every secret but the newest; makes no new one." };
        verb.Add(client);
        verb.Add(finish);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var id = parsed.GetValue(client)!;
                var terminal = Terminal.Of(parsed);
                await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: !parsed.GetValue(finish));
                if (parsed.GetValue(finish))
                {
                    CommandException.ThrowIf(
                        await opened.Registry.ExecuteOnClientAsync(
                            id, new RetireOldSecrets(id, by.Actor(parsed), by.Reason(parsed)), secret: null, cancel)
                    );
                    terminal.Line("Only the newest secret is good from now on.");
                    return;
                }
                var (secretId, secret) = RegistryStore.NewSecret();
                CommandException.ThrowIf(
                    await opened.Registry.ExecuteOnClientAsync(
                        id, new IssueSecret(id, secretId, by.Actor(parsed), by.Reason(parsed)), secret, cancel)
                );
                var algorithm = (await RegistryAsync(opened, DocumentJson.Default.ApiClient, cancel))
                    .First(known => known.ClientId == id)
                    .Algorithm;
                ShowSecret(terminal, algorithm, secret);
                terminal.Note("The secret before it stays good too: when the client uses the new one, `ledger client rotate --finish`");
            }
        );
        return verb;
    }

    private static Verb List()
    {
        var verb = new Verb(
            "list", "Shows the clients and what they may do for which bot. Secrets are never shown again.", "ledger client list");
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                await using var opened = await database.OpenAsync(parsed, cancel);
                var bots = await RegistryAsync(opened, DocumentJson.Default.Bot, cancel);
                var clients = await RegistryAsync(opened, DocumentJson.Default.ApiClient, cancel);
                Terminal
                    .Of(parsed)
                    .Table(
                        ["client", "algorithm", "expiry", "secrets", "grants"],
                        [.. clients.OrderBy(client => client.ClientId, StringComparer.Ordinal).Select(client => Row(client, bots))],
                        "There is no client yet: `ledger client add CLIENT`");
            }
        );
        return verb;
    }

    private static string[] Row(ApiClient client, List<Bot> bots)
    {
        var grants = bots.Where(bot => bot.Grants.ContainsKey(client.ClientId))
            .OrderBy(bot => bot.BotId, StringComparer.Ordinal)
            .Select(bot => $"{bot.BotId}: {string.Join(", ", bot.Grants[client.ClientId].Select(ScopeNames.Of))}")
            .Concat(client.AuditsLedger ? [$"{RegistryDecisions.AllBots}: {ScopeNames.Of(Scope.LedgerAudit)}"] : []);
        return
        [
            client.ClientId,
            client.Algorithm.ToString(),
            client.RequireExpiry ? "required" : "optional",
            client.PublicKey is null ? $"{client.LiveSecrets.Count}" : "-",
            client.Revoked ? "revoked for good"
            : string.Join("; ", grants) is { Length: > 0 } text ? text
            : "-",
        ];
    }

    private static async Task<List<T>> RegistryAsync<T>(
        OpenDatabase database, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> json, CancellationToken cancel)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancel);
        return await Documents.AllAsync(connection, json, cancel);
    }

    private static void ShowSecret(Terminal terminal, TokenAlgorithm algorithm, byte[] secret)
    {
        terminal.SecretLine($"secret: {Encoding.UTF8.GetString(secret)}", "the client's secret", "`ledger client rotate` makes another");
        terminal.Note(
            $"It is shown this once and cannot be shown again. It is the {algorithm} key as it stands: sign with these characters' "
            + "bytes, and do not decode them as base64."
        );
    }
}
