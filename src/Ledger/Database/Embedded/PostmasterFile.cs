using System.Diagnostics;

namespace Ledger.Database.Embedded;

/// <summary>The content of postmaster.pid, which a running server keeps in its cluster and a killed one leaves behind.</summary>
/// <param name="Pid">Process id; after a crash perhaps of nobody, or of another program that was given the number since.</param>
/// <param name="Port">The TCP port; null while the server is only just starting.</param>
internal sealed record PostmasterFile(int Pid, int? Port)
{
    private const int PortLine = 3; // from 0; PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PORT

    public static PostmasterFile? Read(string cluster)
    {
        try
        {
            return Parse(File.ReadAllText(PathIn(cluster)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Deletes the file of a server that is no more when postgres itself could not see that: its process id belongs to another program by
    /// now (or to a zombie), or the file was cut short. A dead process id is left to postgres, which also checks for backends that are
    /// still alive.
    /// </summary>
    public static void DeleteIfMisleading(string cluster)
    {
        if (Read(cluster) is { } file && (!IsAlive(file.Pid) || file.IsServerOf(cluster))) return;
        File.Delete(PathIn(cluster));
    }

    /// <summary>Null when the first line is no process id (a file cut short by a full disk, say).</summary>
    internal static PostmasterFile? Parse(string text)
    {
        var lines = text.Split('\n');
        if (!int.TryParse(lines[0], out var pid) || pid <= 0) return null;
        return new PostmasterFile(pid, lines.Length > PortLine && int.TryParse(lines[PortLine], out var port) && port > 0 ? port : null);
    }

    /// <summary>
    /// True if the process is alive and is the postgres of this cluster. On Linux a postmaster's working folder is its cluster. Elsewhere
    /// only the program's name is checked, and the login that follows tells the rest.
    /// </summary>
    public bool IsServerOf(string cluster)
    {
        try
        {
            using var process = Process.GetProcessById(Pid);
            if (process.HasExited || process.ProcessName != "postgres") return false;
            if (!OperatingSystem.IsLinux()) return true;
            // A zombie has no working folder any more, and another user's process does not show it.
            return Directory.ResolveLinkTarget($"/proc/{Pid}/cwd", returnFinalTarget: false)?.FullName == RealPath(cluster);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The path without symbolic links.</summary>
    internal static string RealPath(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        var here = Path.Combine(RealPath(parent), Path.GetFileName(path));
        return new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : here;
    }

    private static string PathIn(string cluster) => Path.Combine(cluster, "postmaster.pid");
}
