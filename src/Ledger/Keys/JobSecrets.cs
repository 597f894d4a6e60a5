
namespace Ledger.Keys;

/// <summary>What <c>forget</c> destroys: the job's wrapped key, and its request sealed under it.</summary>
public sealed record JobSecrets(int Epoch, byte[] WrappedKey, byte[] SealedRequest);
