using System.Globalization;

namespace Ledger.Web;

/// <summary>
/// All that is wrong with a request. The first few are told, each once, and the rest is counted: an answer stays small, whatever was sent.
/// </summary>
internal sealed class ProblemList
{
    /// <summary>So many are told.</summary>
    public const int Named = 10;

    private readonly List<string> _named = [];
    private int _more;

    public bool IsEmpty => _named.Count == 0;

    /// <summary>What is told: one entry per problem, and one more that counts the rest.</summary>
    public IReadOnlyList<string> Told => _more == 0
        ? _named
        : [.. _named, string.Create(CultureInfo.InvariantCulture, $"and {_more:N0} more: mend these first")];

    /// <summary>One more thing that is wrong.</summary>
    /// <param name="problem">Never quotes what could be an identifier.</param>
    public void Add(string problem)
    {
        if (_named.Contains(problem))
            return;
        if (_named.Count < Named)
            _named.Add(problem);
        else
            _more++;
    }
}
