using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Ledger.Cli;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Cli;

/// <summary><c>ledger</c> as a process of its own.</summary>
internal sealed class LedgerProcess : IDisposable
{
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Process _process;

    private LedgerProcess(Process process) => _process = process;

    public string Output => Read(_output);
    public string Error => Read(_error);

    public static LedgerProcess Start(params string[] args) => Start(new Dictionary<string, string>(), args);

    /// <param name="environment">Variables that it gets besides this process's.</param>
    public static LedgerProcess Start(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        StartIn("", environment, args);

    /// <param name="folder">Where it runs; empty: where this process does.</param>
    /// <param name="environment">Variables that it gets besides this process's.</param>
    public static LedgerProcess StartIn(string folder, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        StartIn(folder, environment, [], args);

    /// <summary>Starts a program without an inotify instance to be had: a user namespace has a limit of its own.</summary>
    public static readonly string[] WithoutInotify =
        ["unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"", "sh"];

    /// <summary>Whether this machine can do that.</summary>
    public static readonly bool CanLackInotify = OperatingSystem.IsLinux() && Succeeds([.. WithoutInotify, "true"]);

    /// <param name="folder">Where it runs; empty: where this process does.</param>
    /// <param name="environment">Variables that it gets besides this process's.</param>
    /// <param name="under">A program with its arguments that starts it.</param>
    public static LedgerProcess StartIn(
        string folder, IReadOnlyDictionary<string, string> environment, string[] under, params string[] args) =>
        Begin(StartInfo(folder, environment, [.. under, "dotnet", typeof(CommandLine).Assembly.Location, .. args]));

    /// <summary>Another program of this solution.</summary>
    /// <param name="program">The file of its assembly.</param>
    /// <param name="environment">Variables that it gets besides this process's.</param>
    public static LedgerProcess StartOther(string program, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        Begin(StartInfo("", environment, ["dotnet", program, .. args]));

    /// <summary>On a terminal of 80 columns, whose output is <see cref="Output"/>; <see cref="Type"/> hangs it up.</summary>
    public static LedgerProcess OnTerminal(params string[] args) =>
        BeginOnTerminal(["dotnet", typeof(CommandLine).Assembly.Location, .. args]);

    /// <summary>One process that runs all these there, one after the other: see <see cref="SeveralCommands"/>.</summary>
    public static LedgerProcess AllOnTerminal(params string[][] commands) => BeginOnTerminal(All(commands));

    private static LedgerProcess BeginOnTerminal(string[] line) => Begin(StartInfo(
        "", new Dictionary<string, string>(),
        ["python3", Path.Combine(Repository.Root, "tests", "Ledger.SystemTests", "Cli", "pty_run.py"), "80", .. line]));

    private static string[] All(string[][] commands) =>
    [
        "dotnet", typeof(SeveralCommands).Assembly.Location,
        .. commands.SelectMany((command, n) => n == 0 ? command : [SeveralCommands.Then, .. command]),
    ];

    /// <summary>Runs it to its end with these bytes as its standard input, and gives what it wrote byte for byte.</summary>
    public static Task<(int ExitCode, byte[] Output, string Error)> RunAsync(
        IReadOnlyDictionary<string, string> environment, byte[] input, params string[] args) =>
        RunLineAsync(environment, input, ["dotnet", typeof(CommandLine).Assembly.Location, .. args]);

    /// <summary>The same with one process for all these commands: see <see cref="SeveralCommands"/>.</summary>
    public static Task<(int ExitCode, byte[] Output, string Error)> RunAllAsync(
        IReadOnlyDictionary<string, string> environment, byte[] input, params string[][] commands) =>
        RunLineAsync(environment, input, All(commands));

    private static async Task<(int ExitCode, byte[] Output, string Error)> RunLineAsync(
        IReadOnlyDictionary<string, string> environment, byte[] input, string[] line)
    {
        using var process = Process.Start(StartInfo("", environment, line))!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray(), await error);
    }

    private static ProcessStartInfo StartInfo(string folder, IReadOnlyDictionary<string, string> environment, string[] line)
    {
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        foreach (var variable in new[] { DatabaseOptions.ConnectionVariable, DatabaseOptions.KeysVariable })
            start.Environment.Remove(variable);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }

    private static LedgerProcess Begin(ProcessStartInfo start)
    {
        var ledger = new LedgerProcess(new Process { StartInfo = start });
        ledger._process.OutputDataReceived += (_, line) => Append(ledger._output, line.Data);
        ledger._process.ErrorDataReceived += (_, line) => Append(ledger._error, line.Data);
        ledger._process.Start();
        ledger._process.BeginOutputReadLine();
        ledger._process.BeginErrorReadLine();
        return ledger;
    }

    /// <summary>
    /// The rest of the first line of standard output that begins so. On a terminal .NET may set the keypad's mode just before it.
    /// </summary>
    public async Task<string> LineAsync(string beginning)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            if (Lines().FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found)
                return found[beginning.Length..];
            Assert.False(_process.HasExited, Error);
        }
        throw new TimeoutException(beginning);
    }

    // ECMA-48 control sequences, and ESC = of DECKPAM.
    private IEnumerable<string> Lines() => Regex.Replace(Output, @"\x1b(\[[0-?]*[@-~]|=)", "").Split('\n').SkipLast(1);

    /// <summary>What its descriptors are of, as Linux names it.</summary>
    public IEnumerable<string> OpenFiles() =>
        Directory.GetFiles($"/proc/{_process.Id}/fd").Select(file => new FileInfo(file).LinkTarget ?? "");

    /// <summary>All that comes from standard input.</summary>
    public void Type(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            _process.StandardInput.WriteLine(line);
        _process.StandardInput.Close();
    }

    /// <summary>Ctrl-C's polite brother.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<int> ExitCodeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static bool Succeeds(string[] line)
    {
        try
        {
            var start = new ProcessStartInfo(line[0], line[1..]) { UseShellExecute = false, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void Append(StringBuilder lines, string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Append(line).Append('\n');
    }

    private static string Read(StringBuilder lines)
    {
        lock (lines)
            return lines.ToString();
    }
}
