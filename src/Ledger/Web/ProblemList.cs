using System.Globalization;
using System.Text.RegularExpressions;

namespace Ledger.Web;

/// <summary>
/// All problems of a request. The first few are named, each once, and the rest is counted, so that an answer stays small, whatever was
/// sent.
/// </summary>
internal sealed partial class ProblemList
{
    /// <summary>Maximum number of problems that are named.</summary>
    public const int Named = 10;

    private readonly List<string> _named = [];
    private int _more;

    public bool IsEmpty => _named.Count == 0;

    /// <summary>The problems as the answer names them: one entry per problem, and one more that counts the rest.</summary>
    public IReadOnlyList<string> Told => _more == 0
        ? _named
        : [.. _named, string.Create(CultureInfo.InvariantCulture, $"and {_more:N0} more: mend these first")];

    /// <summary>Adds a problem.</summary>
    /// <param name="problem">The problem. It never quotes what could be an identifier.</param>
    public void Add(string problem)
    {
        if (_named.Contains(problem))
            return;
        if (_named.Count < Named)
            _named.Add(problem);
        else
            _more++;
    }

    /// <summary>
    /// An unknown name in brackets, for the end of a sentence about it. Empty for a name that could be an identifier. Only up to 32 letters
    /// and underscores are shown.
    /// </summary>
    public static string Quoted(string? name) => name is not null && Word().IsMatch(name) ? $" ({name})" : "";

    [GeneratedRegex(@"\A[A-Za-z_]{1,32}\z")]
    private static partial Regex Word();
}
