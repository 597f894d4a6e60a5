using System.Text;
using QRCoder;

namespace Ledger.Certificates;

/// <summary>A QR code as a picture that needs nothing from elsewhere.</summary>
internal static class QrCode
{
    /// <summary>A <c>data:</c> address of an SVG: black on white with its quiet zone, also where the page is dark.</summary>
    public static string DataUri(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var size = code.ModuleMatrix.Count;
        var path = new StringBuilder();
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                var from = x;
                while (x < size && code.ModuleMatrix[y][x])
                    x++;
                if (x > from)
                    path.Append($"M{from} {y}h{x - from}v1h-{x - from}z");
            }
        }
        var svg =
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" "
            + $"d=\"M0 0h{size}v{size}H0z\"/><path d=\"{path}\"/></svg>";
        return $"data:image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(svg))}";
    }
}
