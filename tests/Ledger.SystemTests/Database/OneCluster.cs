namespace Ledger.SystemTests.Database;

/// <summary>
/// A data folder with a cluster whose server is stopped, for tests that start it and leave it stopped and whole.
/// </summary>
public sealed class OneCluster : IAsyncLifetime
{
    private readonly Once<ScratchFolder> _folder = new(MakeAsync);

    /// <summary>For one test: what it started is stopped with it.</summary>
    internal async Task<ScratchFolder> FolderAsync() => (await _folder.Value).Kept();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _folder.DisposeAsync();

    private static async Task<ScratchFolder> MakeAsync()
    {
        var folder = await ScratchFolder.CreateAsync();
        await (await folder.StartAsync()).DisposeAsync();
        return folder;
    }
}

/// <summary>The tests that share the cluster: one at a time.</summary>
[CollectionDefinition(Name)]
public sealed class OnOneCluster : ICollectionFixture<OneCluster>
{
    public const string Name = "one cluster";
}
