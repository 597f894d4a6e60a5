using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Keys;

namespace Ledger.Jobs.Erased;

/// <summary>A row of a job's list.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ErasedRow(Guid Job, int Row);

/// <summary>A row of a job's list, as it is stored.</summary>
/// <param name="IsFinal">True if no outcome of it will change.</param>
/// <param name="FirstOpen">The job's first row that is not final. Null if all rows are.</param>
internal sealed record StoredRow(
    Guid Job, int Row, int Epoch, byte[] WrappedKey, byte[] Outcomes, byte[] Sealed, bool IsFinal, int? FirstOpen)
{
    /// <summary>Opens the row. Null if it cannot be opened with these keys.</summary>
    public IReadOnlyList<ManifestEntry>? Open(KeyFolder keys)
    {
        try
        {
            return keys.OpenJobKey(new JobId(Job), Epoch, WrappedKey) is { } key ? Manifest.Unseal(key, Row, Sealed) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>
/// The rows of one bot's lists that may hold an erased conversation: halves of digests in order, each with the number of its row. The
/// latest ones are not in order yet. Only one caller at a time may use it (<see cref="Gate"/>).
/// </summary>
internal sealed class ErasedOfBot
{
    private const int Unsorted = 4096;

    private readonly Dictionary<ErasedRow, int> _numbers = [];
    private readonly List<ErasedRow> _rows = [];
    private readonly HashSet<ErasedRow> _unopened = [];

    // Rows that are not final, with their outcomes when they were taken up. A job works on one or two at a time.
    private readonly Dictionary<ErasedRow, byte[]> _open = [];
    private readonly Dictionary<Guid, int> _firstOpen = [];
    private readonly List<(ulong Half, int Row)> _latest = [];
    private ulong[] _halves = [];
    private int[] _of = [];

    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>True if it holds everything that was settled when the log had <see cref="LogSize"/> leaves.</summary>
    public volatile bool IsRead;

    public long LogSize { get; set; }

    /// <summary>Jobs with settled outcomes that are not in it yet.</summary>
    public HashSet<Guid> Touched { get; } = [];

    public long LastUse { get; set; }

    public int Count => _halves.Length + _latest.Count;

    /// <summary>The jobs whose rows are in it.</summary>
    public Guid[] Jobs => [.. _numbers.Keys.Select(row => row.Job).Concat(_unopened.Select(row => row.Job)).Distinct()];

    public void Clear(long logSize)
    {
        _numbers.Clear();
        _rows.Clear();
        _unopened.Clear();
        _open.Clear();
        _firstOpen.Clear();
        Touched.Clear();
        _latest.Clear();
        (_halves, _of, LogSize) = ([], [], logSize);
    }

    /// <summary>The job's first row that may be missing or not final. All rows before it are final, and are in it.</summary>
    public int FirstOpen(Guid job) => _firstOpen.GetValueOrDefault(job);

    public void IsReadTo(Guid job, int firstOpen) => _firstOpen[job] = firstOpen;

    /// <summary>Adds the deletions of a row since it was added last.</summary>
    /// <param name="row">The row as it is now.</param>
    /// <param name="half">Gives the half of the conversation at this place in the row.</param>
    public void Add(StoredRow row, Func<int, ulong> half)
    {
        var key = new ErasedRow(row.Job, row.Row);
        _unopened.Remove(key);
        var before = _open.GetValueOrDefault(key);
        if (!_numbers.TryGetValue(key, out var number))
        {
            number = _rows.Count;
            _rows.Add(key);
            _numbers.Add(key, number);
        }
        else if (before is null)
        {
            return; // it was final
        }
        for (var i = 0; i < row.Outcomes.Length; i++)
        {
            if (row.Outcomes[i] == OutcomeCode.Deleted && before?[i] != OutcomeCode.Deleted)
                _latest.Add((half(i), number));
        }
        if (row.IsFinal)
            _open.Remove(key);
        else
            _open[key] = row.Outcomes;
        if (_latest.Count > Math.Max(Unsorted, _halves.Length / 4))
            Sort();
    }

    /// <summary>Adds a row that cannot be opened now. Every look-up asks for it.</summary>
    public void AddUnopened(Guid job, int row) => _unopened.Add(new ErasedRow(job, row));

    /// <summary>Drops all jobs except these.</summary>
    public void Keep(Guid[] jobs)
    {
        var live = jobs.ToHashSet();
        RemoveWhere(row => !live.Contains(row.Job));
        foreach (var job in _firstOpen.Keys.Where(job => !live.Contains(job)).ToList())
            _firstOpen.Remove(job);
    }

    /// <summary>The rows that may hold one of these.</summary>
    public IReadOnlyCollection<ErasedRow> Candidates(IEnumerable<ulong> halves)
    {
        var found = new HashSet<ErasedRow>(_unopened);
        var wanted = halves.ToHashSet();
        foreach (var half in wanted)
        {
            var at = Array.BinarySearch(_halves, half);
            if (at < 0)
                continue;
            while (at > 0 && _halves[at - 1] == half)
                at--;
            for (; at < _halves.Length && _halves[at] == half; at++)
                found.Add(_rows[_of[at]]);
        }
        foreach (var (half, row) in _latest)
        {
            if (wanted.Contains(half))
                found.Add(_rows[row]);
        }
        return found;
    }

    private void RemoveWhere(Func<ErasedRow, bool> isGone)
    {
        _unopened.RemoveWhere(row => isGone(row));
        foreach (var row in _open.Keys.Where(isGone).ToList())
            _open.Remove(row);
        var gone = _numbers.Where(one => isGone(one.Key)).Select(one => one.Value).ToHashSet();
        if (gone.Count == 0)
            return;
        foreach (var number in gone)
            _numbers.Remove(_rows[number]);
        _latest.RemoveAll(one => gone.Contains(one.Row));
        var kept = Enumerable.Range(0, _halves.Length).Where(i => !gone.Contains(_of[i])).ToArray();
        (_halves, _of) = (Array.ConvertAll(kept, i => _halves[i]), Array.ConvertAll(kept, i => _of[i]));
    }

    private void Sort()
    {
        ulong[] halves = [.. _halves, .. _latest.Select(one => one.Half)];
        int[] of = [.. _of, .. _latest.Select(one => one.Row)];
        Array.Sort(halves, of);
        (_halves, _of) = (halves, of);
        _latest.Clear();
    }
}
