using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Guides;

/// <summary>
/// Runs the <c>sh</c> blocks of a guide, in order, as a person would in one terminal; it stops at the first command that fails. What other
/// blocks hold is not run.
/// <list type="bullet">
/// <item>Services that <c>serve</c> stay up behind the commands after them, and so does one process that runs all commands that end.</item>
/// <item>Ports 8080 and 8081 of this machine are replaced by free ones.</item>
/// <item>
/// A job id is replaced by that of a job of <c>st-my-bot</c>, submitted by <c>cs-my-client</c>, that has ended: before the first block
/// that names one, a job is submitted, in a window that is open.
/// </item>
/// </list>
/// </summary>
internal sealed partial class GuideShell
{
    private readonly string _folder;
    private readonly StringBuilder _script = new();
    private readonly string _prelude;

    /// <param name="folder">Where the commands run.</param>
    public GuideShell(string folder)
    {
        _folder = folder;
        _prelude = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Ledger.SystemTests", "Guides", "prelude.sh"));
    }

    /// <summary>The blocks of a guide that are run.</summary>
    public static IReadOnlyList<string> Blocks(string markdown) =>
        [.. Block().Matches(markdown.ReplaceLineEndings("\n")).Select(block => block.Groups["block"].Value)];

    public void Add(string block)
    {
        if (JobId().IsMatch(block))
            _script.Append("a_finished_job\n");
        _script.Append(JobId().Replace(block, "$$GUIDE_JOB"));
    }

    /// <summary>Exit code and all that was said, with each command before what it said.</summary>
    public async Task<(int Code, string Said)> RunAsync()
    {
        var (api, witness) = (FreePort(), FreePort());
        var script = $"{_prelude}\nset -x\n{_script}"
            .Replace("127.0.0.1:8080", $"127.0.0.1:{api}")
            .Replace("127.0.0.1:8081", $"127.0.0.1:{witness}");
        return await Tool.RunAsync(
            "bash",
            ["-euo", "pipefail", "-c", script],
            _folder,
            new Dictionary<string, string>
            {
                ["LEDGER_DLL"] = typeof(CommandLine).Assembly.Location,
                ["COMMANDS_DLL"] = typeof(SeveralCommands).Assembly.Location,
                ["LC_ALL"] = "C.UTF-8",
                ["NO_PROXY"] = "*",
                ["HOME"] = _folder,
            }
        );
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("^```sh\n(?<block>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("cdj-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.ExplicitCapture)]
    private static partial Regex JobId();
}
