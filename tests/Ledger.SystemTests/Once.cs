namespace Ledger.SystemTests;

/// <summary>
/// What the tests of a class share. Made by the first that asks, and not at the class's start, so that a machine without its tool skips
/// instead of failing.
/// </summary>
/// <param name="make">Makes it.</param>
internal sealed class Once<T>(Func<Task<T>> make)
    where T : IAsyncDisposable
{
    private readonly Lazy<Task<T>> _made = new(make);

    public Task<T> Value => _made.Value;

    /// <summary>Of what was made, if anybody asked.</summary>
    public async Task DisposeAsync()
    {
        if (_made is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _made.Value).DisposeAsync();
    }
}
