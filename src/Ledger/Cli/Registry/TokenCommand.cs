using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ledger.Contracts.Registry;
using Ledger.Registry;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger token</c></summary>
internal static class TokenCommand
{
    private static readonly TimeSpan LongestWithJti = TimeSpan.FromHours(1);

    public static Verb Verb()
    {
        var verb = new Verb(
            "token",
            "Mints a token of a client that has a secret, for trying the API out. Only the token goes to standard output.",
            "curl -H \"auth: $(ledger token --client cs-1)\" http://127.0.0.1:8080/api/public/bot/st-1/conversations/delete",
            "Tokens carry no scopes: what a client may do is its grant. --scope only warns when no grant of the client holds it.");
        var client = new Option<string>("--client") { Description = "The client's id.", HelpName = "ID", Required = true };
        var scopes = OptionValues.Scopes("Warn if no grant of the client holds it.");
        var expires = OptionValues.Duration("--expires", "How long the token is good.", "10m");
        var jti = new Option<bool>("--jti") { Description = "Make it good for one request only (then --expires is 1h at most)." };
        foreach (var option in new Option[] { client, scopes, expires, jti })
            verb.Add(option);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            var life = parsed.GetValue(expires);
            if (parsed.GetValue(jti) && life > LongestWithJti)
                throw CommandException.Usage("with --jti a token lives 1h at most: its use is remembered that long");
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            using var registry = new RegistryCache(opened.Source, opened.Keys, TimeProvider.System);
            var snapshot = await registry.CurrentAsync(cancel);
            var id = parsed.GetValue(client)!;
            if (!snapshot.Clients.TryGetValue(id, out var entry) || entry.Client.Revoked)
                throw new CommandException("there is no such client (or it was revoked): `ledger client list` shows them");
            if (entry.Secrets.Count == 0)
                throw new CommandException("the client signs with a key of its own, which is not here: mint its token where the key is");
            WarnOfMissing(Terminal.Of(parsed), parsed.GetValue(scopes)!, id, snapshot);
            Terminal.Of(parsed).Line(Mint(entry, TimeProvider.System.GetUtcNow(), life, parsed.GetValue(jti)));
        });
        return verb;
    }

    /// <summary>A token signed with the client's newest secret.</summary>
    public static string Mint(ClientEntry entry, DateTimeOffset now, TimeSpan life, bool once = false)
    {
        var claims = new JsonObject
        {
            ["sub"] = "ledger token",
            ["appId"] = entry.Client.ClientId,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + life).ToUnixTimeSeconds(),
        };
        if (once)
            claims["jti"] = RandomNumberGenerator.GetHexString(32, lowercase: true);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            claims.ToJsonString(),
            new SigningCredentials(new SymmetricSecurityKey(entry.Secrets[^1].Key), entry.Client.Algorithm.ToString()));
    }

    private static void WarnOfMissing(Terminal terminal, Scope[] wanted, string client, RegistrySnapshot registry)
    {
        var granted = registry.Bots.Values.SelectMany(bot => registry.ScopesOf(client, bot)).ToHashSet();
        foreach (var scope in wanted.Where(scope => !granted.Contains(scope)))
            terminal.Warn($"the client has '{ScopeNames.Of(scope)}' for no bot: `ledger client grant`");
    }
}
