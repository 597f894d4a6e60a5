using System.Globalization;
using System.Text.RegularExpressions;
using Ledger.Keys;

namespace Ledger.Tests.Keys;

public sealed partial class ErasedInSqlTests
{
    /// <summary>SQL skips rows of lists in which nothing was erased. It knows the codes by heart.</summary>
    [Fact]
    public void The_SQL_that_looks_for_erased_conversations_looks_for_every_code_that_means_it()
    {
        byte[] erased = [.. Enumerable.Range(0, 256).Select(code => (byte)code).Where(OutcomeCode.IsErased)];
        var found = 0;
        foreach (var sql in SourceTree.Files("src", "*.sql"))
        {
            var codes = Code().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "src", sql)))
                .Select(match => byte.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToList();
            if (codes.Count == 0)
                continue;
            Assert.True(codes.Order().SequenceEqual(erased), sql);
            found++;
        }
        Assert.True(found > 0);
    }

    [GeneratedRegex(@"position\('\\x([0-9a-f]{2})'::bytea in m\.outcomes\)")]
    private static partial Regex Code();
}
