using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ledger.Certificates;
using QRCoder;

namespace Ledger.Tests.Certificates;

public sealed partial class QrCodeTests
{
    [Fact]
    public void The_picture_has_a_dark_square_where_the_code_has_a_dark_module_and_nowhere_else()
    {
        const string Text =
            "https://ledger.example.com/api/public/bot/st-1/conversations/delete/cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c/proof";
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(Text, QRCodeGenerator.ECCLevel.M);
        var svg = Encoding.UTF8.GetString(Convert.FromBase64String(QrCode.DataUri(Text)["data:image/svg+xml;base64,".Length..]));
        Assert.StartsWith(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {code.ModuleMatrix.Count} {code.ModuleMatrix.Count}\"",
            svg,
            StringComparison.Ordinal
        );

        var dark = new HashSet<(int X, int Y)>();
        foreach (Match run in Run().Matches(svg))
        {
            var (x, y, width) = (Number(run, 1), Number(run, 2), Number(run, 3));
            for (var i = 0; i < width; i++)
                Assert.True(dark.Add((x + i, y)));
        }
        var expected = Enumerable
            .Range(0, code.ModuleMatrix.Count)
            .SelectMany(y => Enumerable.Range(0, code.ModuleMatrix.Count).Where(x => code.ModuleMatrix[y][x]).Select(x => (x, y)));
        Assert.Equal(expected.ToHashSet(), dark);
    }

    private static int Number(Match run, int group) => int.Parse(run.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"M(\d+) (\d+)h(\d+)v1h-\3z")]
    private static partial Regex Run();
}
