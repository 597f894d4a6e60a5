namespace Ledger.Import;

/// <summary>How far an import has come; all of it is committed.</summary>
/// <param name="Lines">Lines of the input, blank ones too.</param>
/// <param name="Imported">Conversations that are new.</param>
/// <param name="AlreadyThere">Conversations that the store held, or an earlier line had, with the same content.</param>
/// <param name="Items">Items of the new conversations.</param>
/// <param name="LeftOut">Lines whose conversations were erased before.</param>
/// <param name="TakenAgain">Of the new conversations, those that were erased before.</param>
public sealed record ImportTotals(long Lines = 0, long Imported = 0, long AlreadyThere = 0, long Items = 0, long LeftOut = 0,
    long TakenAgain = 0);

/// <summary>An import that came to its end.</summary>
/// <param name="LeftOut">The lines whose conversations were erased before.</param>
/// <param name="Unreadable">
/// Rows of jobs' lists that nobody forgot and that cannot be opened: what was erased with them cannot be known.
/// </param>
public sealed record ImportResult(ImportTotals Totals, LineNumbers LeftOut, int Unreadable);

/// <summary>Whose conversations are imported though they were erased, on whose word and why.</summary>
public sealed record TakeAgain(string Actor, string Reason);

/// <summary>What an import is doing.</summary>
public enum ImportPhase
{
    /// <summary>The first pass: nothing is written. Counts lines.</summary>
    Checking,

    /// <summary>Reads what the bots' jobs have erased. Counts conversations.</summary>
    ReadingErased,

    /// <summary>The second pass. Counts lines.</summary>
    Storing,
}

/// <summary>Numbers of lines in ascending order, as ranges.</summary>
public sealed class LineNumbers
{
    private readonly List<(long First, long Last)> _ranges = [];

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Adds one that is above all before.</summary>
    public void Add(long line)
    {
        if (_ranges is [.., var (first, last)] && last == line - 1)
            _ranges[^1] = (first, line);
        else
            _ranges.Add((line, line));
    }

    /// <summary><c>line 3</c>, or <c>lines 1-2, 4, 6</c></summary>
    public override string ToString() => (_ranges is [var (first, last)] && first == last ? "line " : "lines ")
        + string.Join(", ", _ranges.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}"));
}
