using System.ComponentModel;
using System.Diagnostics;

namespace Ledger.Machine;

/// <summary>The exit code and output of a finished program. Exit code 127 means that there is no such program.</summary>
internal sealed record ProgramResult(int ExitCode, string Output);

/// <summary>Runs one short program to its end.</summary>
internal static class ShortProgram
{
    // Where the system's own programs are when nothing says PATH.
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // ENOENT, and ERROR_FILE_NOT_FOUND on Windows.
    private const int NoSuchFile = 2;

    private static readonly string[] Inherited = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"];

    /// <summary>Runs a program to its end, without input, and waits for all its output.</summary>
    /// <param name="line">Program and arguments. Nothing secret, because every process of the machine can read them.</param>
    /// <param name="folder">The working folder. Null for the root folder, which every account may enter.</param>
    /// <param name="wholeEnvironment">
    /// True to pass on our whole environment. The default is a minimal one, because ours may hold secrets. Also, PGDATA, PGOPTIONS and
    /// similar variables would change what PostgreSQL does.
    /// </param>
    /// <param name="variables">Further variables of its environment.</param>
    /// <param name="cancel">Kills the program, and every process that it started.</param>
    public static async Task<ProgramResult> RunAsync(
        IReadOnlyList<string> line, CancellationToken cancel, string? folder = null, bool wholeEnvironment = false,
        IReadOnlyDictionary<string, string>? variables = null)
    {
        using var process = new Process();
        try
        {
            process.StartInfo = StartInfo(line, folder, wholeEnvironment, variables);
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new ProgramResult(127, e.Message);
        }
        process.StandardInput.Close();
        return await FinishAsync(process, cancel);
    }

    /// <summary>
    /// The full path of a program in the folders of <paramref name="path"/>, or in the system's own folders if that is null. Null if it is
    /// in none of them.
    /// </summary>
    public static string? Find(string program, string? path) =>
        (path ?? SystemPath).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>
    /// The settings to start a program: by itself, never by a shell, with all its streams redirected. The program comes from PATH or from
    /// the system, because .NET would look in the current folder first.
    /// </summary>
    /// <exception cref="Win32Exception">There is no such program.</exception>
    public static ProcessStartInfo StartInfo(
        IReadOnlyList<string> line, string? folder = null, bool wholeEnvironment = false,
        IReadOnlyDictionary<string, string>? variables = null)
    {
        var program = Find(line[0], Environment.GetEnvironmentVariable("PATH")) ?? Find(line[0], path: null)
            ?? throw new Win32Exception(NoSuchFile, $"there is no program {line[0]} here");
        var start = new ProcessStartInfo(program, line.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetPathRoot(AppContext.BaseDirectory)!,
        };
        if (!wholeEnvironment) KeepOnly(start.Environment);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }

    private static async Task<ProgramResult> FinishAsync(Process process, CancellationToken cancel)
    {
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var error = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return new ProgramResult(process.ExitCode, (await output + await error).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            // Until it is gone it may still write where the caller tidies up.
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    private static void KeepOnly(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Except(Inherited, StringComparer.OrdinalIgnoreCase).ToList()) environment.Remove(name);
        environment["LC_ALL"] = "C";
        environment.TryAdd("PATH", SystemPath);
    }
}
