using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ledger.Chaos;

/// <summary>A real <c>ledger serve</c>, or <c>ledger witness serve</c>, in a process of its own, which can be killed.</summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _faultPoints = new();
    private readonly ConcurrentQueue<string> _output = new();

    private Node(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Starts a node.</summary>
    /// <param name="connection">Its database.</param>
    /// <param name="keys">Its key folder.</param>
    /// <param name="faultPoint">Where it stops when it comes there; several have commas between.</param>
    /// <param name="environment">Variables that it gets besides.</param>
    public static Task<Node> StartAsync(
        string connection, string keys, string? faultPoint = null, IReadOnlyDictionary<string, string>? environment = null) =>
        StartAsync(
            ["serve", "--urls", "http://127.0.0.1:0"],
            new(environment ?? new Dictionary<string, string>()) { ["LEDGER_CONNECTION"] = connection, ["LEDGER_KEYS"] = keys },
            faultPoint
        );

    /// <summary>Starts <c>ledger witness serve</c> in the same way.</summary>
    public static Task<Node> StartWitnessAsync(string key, string state, string log, string? faultPoint = null) => StartAsync(
        ["witness", "serve", "--key", key, "--state", state, "--log", log, "--urls", "http://127.0.0.1:0"], [], faultPoint);

    private static async Task<Node> StartAsync(IReadOnlyList<string> args, Dictionary<string, string> environment, string? faultPoint)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ledger.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        if (faultPoint is not null)
            start.Environment["LEDGER_FAULT_POINT"] = faultPoint;
        var node = new Node(Process.Start(start)!);
        node.Client = new HttpClient { BaseAddress = await node.Within(node._listening.Task, "started"), Timeout = Patience };
        return node;
    }

    /// <summary>Waits until the node stands at this fault point.</summary>
    public Task FaultPointAsync(string name) => Within(FaultPoint(name).Task, $"reached {name}");

    /// <summary>Lets the node go on from the fault point at which it stands.</summary>
    public void Release() => _process.StandardInput.WriteLine();

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it stands still, and to the others it looks alive.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>SIGTERM, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
        return _process.ExitCode;
    }

    /// <summary>What it has said so far.</summary>
    public string Output => string.Join('\n', _output);

    private async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        const string Listening = "Listening on ";
        if (line.StartsWith(Listening, StringComparison.Ordinal))
            _listening.TrySetResult(new Uri(line[Listening.Length..]));
        const string Stands = "fault point ";
        if (line.StartsWith(Stands, StringComparison.Ordinal))
            FaultPoint(line[Stands.Length..]).TrySetResult();
    }

    private TaskCompletionSource FaultPoint(string name) =>
        _faultPoints.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task<T> Within<T>(Task<T> task, string what)
    {
        await Within((Task)task, what);
        return await task;
    }

    private async Task Within(Task task, string what)
    {
        try
        {
            await Task.WhenAny(task, _process.WaitForExitAsync()).WaitAsync(Patience, TimeProvider.System);
            if (!task.IsCompleted)
                throw new InvalidOperationException($"the node ended before it had {what}. It said:\n{Output}");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"the node has not {what} within {Patience.TotalSeconds} s. It said:\n{Output}", e);
        }
    }
}
