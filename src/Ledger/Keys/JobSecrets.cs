
namespace Ledger.Keys;

/// <summary>The secrets that <c>forget</c> destroys: the job's wrapped key, and its request sealed under it.</summary>
public sealed record JobSecrets(int Epoch, byte[] WrappedKey, byte[] SealedRequest);
