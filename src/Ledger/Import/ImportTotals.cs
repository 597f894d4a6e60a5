namespace Ledger.Import;

/// <summary>The progress of an import. All of it is committed.</summary>
/// <param name="Lines">Number of lines of the input, blank ones too.</param>
/// <param name="Imported">Number of new conversations.</param>
/// <param name="AlreadyThere">Number of conversations that the store, or an earlier line, had already with the same content.</param>
/// <param name="Items">Number of items of the new conversations.</param>
/// <param name="LeftOut">Number of lines whose conversations were erased before.</param>
/// <param name="TakenAgain">Number of new conversations that were erased before.</param>
public sealed record ImportTotals(long Lines = 0, long Imported = 0, long AlreadyThere = 0, long Items = 0, long LeftOut = 0,
    long TakenAgain = 0);

/// <summary>An import that came to its end.</summary>
/// <param name="LeftOut">The lines whose conversations were erased before.</param>
/// <param name="Unreadable">
/// Number of rows of jobs' lists that nobody forgot but that cannot be opened. Nobody can tell what was erased with them.
/// </param>
public sealed record ImportResult(ImportTotals Totals, LineNumbers LeftOut, int Unreadable);

/// <summary>The person who has erased conversations imported again, and the reason.</summary>
public sealed record TakeAgain(string Actor, string Reason);

/// <summary>The current work of an import.</summary>
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

    /// <summary>Adds a number that is above all numbers before.</summary>
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
