namespace Ledger.Registry;

/// <summary>The registry in memory, at most one second old.</summary>
public sealed class RegistryCache
{
    /// <summary>A snapshot that is at most one second old.</summary>
    public ValueTask<RegistrySnapshot> CurrentAsync(CancellationToken cancel) => throw new NotSupportedException("next commit");

    /// <summary>
    /// A snapshot read after <paramref name="since"/> (a <see cref="TimeProvider.GetTimestamp"/>). Before a request is refused because a bot, client, secret or grant is unknown,
    /// ask again with the instant at which the request arrived: what was registered before it must be found.
    /// </summary>
    public ValueTask<RegistrySnapshot> ReadSinceAsync(long since, CancellationToken cancel) => throw new NotSupportedException("next commit");
}
