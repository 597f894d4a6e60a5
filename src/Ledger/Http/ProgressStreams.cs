namespace Ledger.Http;

/// <summary>How many streams this node has open: each looks at the database four times a second.</summary>
internal sealed class ProgressStreams(HttpOptions options)
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public bool TryOpen()
    {
        if (Interlocked.Increment(ref _open) <= options.ProgressStreams)
            return true;
        Close();
        return false;
    }

    public void Close() => Interlocked.Decrement(ref _open);
}
