namespace Ledger.SystemTests;

/// <summary>How long a test waits for what must come. Only a failure takes so long, and a machine that is busy is none.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
}
