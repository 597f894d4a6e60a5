using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;

namespace Ledger.Identifiers;

/// <summary>A row of a job's list.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ErasedRow(Guid Job, int Row);

/// <summary>A row of a job's list, as it is stored.</summary>
internal sealed record StoredRow(Guid Job, int Row, int Epoch, byte[] WrappedKey, byte[] Outcomes, byte[] Sealed)
{
    /// <summary>Null: it cannot be opened with these keys.</summary>
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
/// Which rows of one bot's lists may hold an erased conversation: halves of digests in order, each with the number of its row. What came last
/// is not in order yet. Used by one at a time (<see cref="Gate"/>).
/// </summary>
internal sealed class ErasedOfBot
{
    private const int Unsorted = 4096;

    private readonly Dictionary<ErasedRow, int> _numbers = [];
    private readonly List<ErasedRow> _rows = [];
    private readonly HashSet<ErasedRow> _unopened = [];
    private readonly List<(ulong Half, int Row)> _latest = [];
    private ulong[] _halves = [];
    private int[] _of = [];

    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>All that was settled when the log had <see cref="LogSize"/> leaves is in it.</summary>
    public volatile bool IsRead;

    public long LogSize { get; set; }

    public long LastUse { get; set; }

    public int Count => _halves.Length + _latest.Count;

    /// <summary>The jobs whose rows are in it.</summary>
    public Guid[] Jobs => [.. _numbers.Keys.Select(row => row.Job).Concat(_unopened.Select(row => row.Job)).Distinct()];

    public void Clear(long logSize)
    {
        _numbers.Clear();
        _rows.Clear();
        _unopened.Clear();
        _latest.Clear();
        (_halves, _of, LogSize) = ([], [], logSize);
    }

    public void Add(Guid job, int row, IEnumerable<ulong> halves)
    {
        var key = new ErasedRow(job, row);
        if (!_numbers.TryGetValue(key, out var number))
        {
            number = _rows.Count;
            _rows.Add(key);
            _numbers.Add(key, number);
        }
        foreach (var half in halves)
            _latest.Add((half, number));
        if (_latest.Count > Math.Max(Unsorted, _halves.Length / 4))
            Sort();
    }

    /// <summary>A row that cannot be opened now is asked each time.</summary>
    public void AddUnopened(Guid job, int row) => _unopened.Add(new ErasedRow(job, row));

    public void RemoveJobs(Guid[] jobs)
    {
        var gone = jobs.ToHashSet();
        RemoveWhere(row => gone.Contains(row.Job));
    }

    /// <summary>Lets go of all jobs but these.</summary>
    public void Keep(Guid[] jobs)
    {
        var live = jobs.ToHashSet();
        RemoveWhere(row => !live.Contains(row.Job));
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
