using Ledger.SystemTests.Database;

namespace Ledger.SystemTests.Cli;

/// <summary>
/// One run of <c>ledger demo --once</c> on conversations that it makes up, and the folder that it leaves, for all tests that look at it.
/// </summary>
public sealed class FirstDemo : IAsyncLifetime
{
    private ScratchFolder _folder = null!;

    internal ScratchFolder Folder => _folder;
    public int ExitCode { get; private set; }
    public string Output { get; private set; } = "";
    public string Error { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _folder = await ScratchFolder.CreateAsync();
        using var demo = LedgerProcess.Start("demo", "--once", "--data", _folder.Path);
        ExitCode = await demo.ExitCodeAsync();
        (Output, Error) = (demo.Output, demo.Error);
    }

    public async Task DisposeAsync() => await _folder.DisposeAsync();
}

/// <summary>The tests that share <see cref="FirstDemo"/>.</summary>
[CollectionDefinition(nameof(FirstDemo))]
public sealed class FirstDemoTests : ICollectionFixture<FirstDemo>;
