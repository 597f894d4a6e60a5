using Ledger.Certificates;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.Tests.Certificates;

public sealed class PdfPrinterTests
{
    [Fact]
    public async Task Without_a_temporary_folder_it_says_so_and_prints_nothing()
    {
        using var nowhere = new TemporaryFile("");
        using var printer = new PdfPrinter("/bin/false", TimeProvider.System, NullLogger<PdfPrinter>.Instance)
        {
            MakeFolder = () => Directory.CreateDirectory(Path.Combine(nowhere.Path, "no-folder")).FullName,
        };
        // Both places are free again after each failure.
        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<PdfException>(() => printer.PrintAsync("", CancellationToken.None));
            Assert.Contains("TMPDIR must name a folder", refused.Message, StringComparison.Ordinal);
        }
    }
}
