using System.Text;
using Ledger.Machine;

namespace Ledger.Certificates;

/// <summary>Nothing was printed. The message gives the reason, for the service's log.</summary>
public sealed class PdfException(string message) : Exception(message);

/// <summary>Prints a document with a headless Chromium on this machine. Chromium fetches nothing: the document must be whole.</summary>
/// <param name="chromium">The program; null: there is none, and nothing is printed.</param>
public sealed class PdfPrinter(string? chromium, TimeProvider time, ILogger<PdfPrinter> log) : IDisposable
{
    /// <summary>Names the Chromium; empty: there is to be none.</summary>
    public const string Variable = "LEDGER_CHROMIUM";

    /// <summary>From the request to the last byte, waiting included.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>A Chromium is some 200 MB and a core for two seconds.</summary>
    private readonly SemaphoreSlim _atOnce = new(2);

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private static readonly string[] Places = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"];
    private const string OnMac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

    /// <summary>Makes the folder of one printing, which only this user may enter.</summary>
    internal Func<string> MakeFolder { get; init; } = () => Directory.CreateTempSubdirectory("ledger-pdf-").FullName;

    public bool IsAvailable => chromium is not null;

    /// <summary>The program that <see cref="Variable"/> names, else the one in PATH or the usual places. Null if there is none.</summary>
    public static string? FindChromium()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } named)
            return File.Exists(named) ? named : null;
        var path = $"{Environment.GetEnvironmentVariable("PATH")}{Path.PathSeparator}{string.Join(Path.PathSeparator, Places)}";
        return Names.Select(name => ShortProgram.Find(name, path)).FirstOrDefault(found => found is not null)
            ?? (File.Exists(OnMac) ? OnMac : null);
    }

    /// <exception cref="PdfException">Chromium did not print it, or not in time.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public async Task<byte[]> PrintAsync(string html, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await _atOnce.WaitAsync(either.Token);
            try
            {
                return await PrintInAsync(MakeFolder(), html, either.Token);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new PdfException(
                    $"there is no temporary folder to print in, or no room there ({e.Message}): "
                    + "TMPDIR must name a folder that the service may write to");
            }
            finally
            {
                _atOnce.Release();
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PdfException($"Chromium did not print within {Deadline.TotalSeconds:0} seconds");
        }
    }

    /// <summary>
    /// Everything is in one folder that nobody else may enter (0700). A service that is killed here leaves it; it holds no identifier.
    /// </summary>
    private async Task<byte[]> PrintInAsync(string folder, string html, CancellationToken cancel)
    {
        try
        {
            var (page, pdf) = (Path.Combine(folder, "page.html"), Path.Combine(folder, "page.pdf"));
            await File.WriteAllTextAsync(page, html, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancel);
            var result = await ShortProgram.RunAsync(
                [chromium!, .. Arguments(folder, pdf), new Uri(page).AbsoluteUri], cancel, folder,
                variables: new Dictionary<string, string> { ["HOME"] = folder, ["TMPDIR"] = folder });
            return result.ExitCode == 0 && File.Exists(pdf)
                ? await File.ReadAllBytesAsync(pdf, cancel)
                : throw new PdfException($"Chromium ended with exit code {result.ExitCode} and without a PDF");
        }
        finally
        {
            await RemoveAsync(folder);
        }
    }

    private static IEnumerable<string> Arguments(string folder, string pdf)
    {
        string[] arguments =
        [
            "--headless",
            $"--print-to-pdf={pdf}",
            "--no-pdf-header-footer",
            "--export-tagged-pdf",
            "--generate-pdf-document-outline",
            $"--user-data-dir={Path.Combine(folder, "profile")}",
            "--user-agent=deletion-ledger",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--no-first-run",
            "--disable-default-apps",
            // Nothing is fetched, by the page or by Chromium itself: no name resolves, and there is no way out.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--proxy-server=127.0.0.1:9",
            "--proxy-bypass-list=<-loopback>",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-crash-reporter",
            "--disable-breakpad",
        ];
        // As root Chromium refuses to start with its sandbox.
        return Environment.IsPrivilegedProcess ? [.. arguments, "--no-sandbox"] : arguments;
    }

    /// <summary>Chromium's last processes may still write while they go: until they are gone, the folder is not.</summary>
    private async Task RemoveAsync(string folder)
    {
        for (var left = 50; ; left--)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(folder))
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (left == 0)
                {
                    log.LogWarning("a folder of a printed certificate could not be removed: {Folder}", folder);
                    return;
                }
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, CancellationToken.None);
            }
        }
    }

    public void Dispose() => _atOnce.Dispose();
}
