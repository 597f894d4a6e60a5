using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;

namespace Ledger.Registry;

/// <summary>The registry as it was at one instant: every bot, client (with its live secrets, opened) and window.</summary>
/// <param name="LoadedAt">A <see cref="TimeProvider.GetTimestamp"/> taken before it was read.</param>
/// <param name="Revision">The revision, which differs after every change.</param>
public sealed record RegistrySnapshot(
    long LoadedAt,
    long Revision,
    IReadOnlyDictionary<string, Bot> Bots,
    IReadOnlyDictionary<string, ClientEntry> Clients,
    IReadOnlyDictionary<string, DeletionWindow> Windows)
{
    /// <summary>The pause of all bots' deletions, if there is one.</summary>
    public WholePause Whole { get; init; } = WholePause.None;

    /// <summary>The bots whose deletions are paused, each for itself.</summary>
    public IEnumerable<Bot> PausedBots => Bots.Values.Where(bot => bot.Pause is not null);

    /// <summary>True if the bot's deletions are paused, by its name or with those of all bots.</summary>
    public bool IsPaused(string bot) => Whole.Pause is not null || Bots.GetValueOrDefault(bot)?.Pause is not null;

    /// <summary>The bots whose jobs may be worked on. Null for all of them: nothing is paused.</summary>
    public IReadOnlyList<string>? UnpausedBots { get; } = Bots.Values.Any(bot => bot.Pause is not null)
        ? [.. Bots.Values.Where(bot => bot.Pause is null).Select(bot => bot.BotId)]
        : null;

    /// <summary>True if the client has the scope Ledger Audit for all bots, present and future.</summary>
    public bool AuditsLedger(string clientId) => Clients.TryGetValue(clientId, out var entry) && entry.Client.AuditsLedger;

    /// <summary>True if the client has some scope for the bot.</summary>
    public bool ActsFor(string clientId, Bot bot) => bot.Grants.ContainsKey(clientId) || AuditsLedger(clientId);

    /// <summary>The client's scopes for the bot: those of its grant for it, and Ledger Audit if it has that for all bots.</summary>
    public IReadOnlyList<Scope> ScopesOf(string clientId, Bot bot)
    {
        var granted = bot.Grants.GetValueOrDefault(clientId) ?? [];
        return AuditsLedger(clientId) && !granted.Contains(Scope.LedgerAudit) ? [.. granted, Scope.LedgerAudit] : granted;
    }
}

/// <summary>A client with the secrets that verify its tokens.</summary>
/// <param name="Secrets">For HS256 and HS512, one or two secrets, oldest first. Empty otherwise.</param>
public sealed record ClientEntry(ApiClient Client, IReadOnlyList<LiveSecret> Secrets);

/// <summary>A secret that verifies a client's tokens.</summary>
/// <param name="Id">Its name, which no other secret of the client ever has.</param>
/// <param name="Key">The HMAC key.</param>
public sealed record LiveSecret(string Id, byte[] Key)
{
    /// <summary>The type's name without the key: anybody who has the key can act as the client.</summary>
    public override string ToString() => nameof(LiveSecret);
}
