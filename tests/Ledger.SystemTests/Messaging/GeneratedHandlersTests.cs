using System.Reflection;
using System.Runtime.CompilerServices;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using Ledger.Engine;
using Ledger.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Wolverine.Attributes;
using Wolverine.Runtime;

namespace Ledger.SystemTests.Messaging;

/// <summary>
/// Handlers are generated beforehand, and a stale one would be called without a word. So they are generated anew here, and compared. After
/// a change that is meant, <c>LEDGER_WRITE_GOLDEN=1 dotnet test --filter GeneratedHandlersTests</c> fails and leaves the new ones.
/// </summary>
public class GeneratedHandlersTests
{
    [SkippableFact]
    public async Task They_are_those_that_would_be_generated_now()
    {
        await using var service = await TestService.StartAsync();
        await using var node = service.BuildNode(new EngineOptions());
        var folder = Directory.CreateTempSubdirectory("ledger-handlers-");
        try
        {
            Generate(node.Services, folder.FullName);
            var generated = Read(Path.Combine(folder.FullName, "WolverineHandlers"));
            if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
                Write(generated);
            Assert.NotEmpty(generated);
            Assert.Equal(generated, Read(Committed()));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Every_message_has_a_handler()
    {
        await using var service = await TestService.StartAsync();
        await using var node = service.BuildNode(new EngineOptions());
        var handled = node.Services.GetRequiredService<IReadOnlyList<MessageKind>>().Select(kind => kind.Example.GetType());
        var messages = typeof(LedgerService)
            .Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<MessageIdentityAttribute>() is not null);
        Assert.Equal(messages.Select(type => type.Name).Order(), handled.Select(type => type.Name).Order());
    }

    private static void Generate(IServiceProvider node, string folder)
    {
        node.GetRequiredService<IWolverineRuntime>().Options.CodeGeneration.GeneratedCodeOutputPath = folder;
        new DynamicCodeBuilder(node, [.. node.GetServices<ICodeFileCollection>()])
        {
            ServiceVariableSource = node.GetService<IServiceVariableSource>(),
        }.WriteGeneratedCode(_ => { });
    }

    private static SortedDictionary<string, string> Read(string folder) => new(
        Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllText), StringComparer.Ordinal);

    private static void Write(IReadOnlyDictionary<string, string> generated)
    {
        if (Directory.Exists(Committed()))
            Directory.Delete(Committed(), recursive: true);
        Directory.CreateDirectory(Committed());
        foreach (var (name, text) in generated)
            File.WriteAllText(Path.Combine(Committed(), name), text);
        Assert.Fail("the handlers were written anew");
    }

    private static string Committed([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Ledger/Internal/Generated/WolverineHandlers"));
}
