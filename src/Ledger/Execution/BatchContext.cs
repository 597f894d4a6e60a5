using Ledger.Engine;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Npgsql;

namespace Ledger.Execution;

/// <summary>The context of a batch: one claimed job, in the one transaction that holds the whole batch.</summary>
/// <param name="Transaction">The transaction of the batch. If it does not commit, nothing of the batch counts.</param>
/// <param name="Claimed">The job, whose stream the transaction has locked.</param>
/// <param name="Registry">The registry as it was when the batch began.</param>
/// <param name="Closing">The instant when the job must stop, checked by the transaction. For a job whose window is closed, now.</param>
public sealed record BatchContext(
    StreamTransaction Transaction, ClaimedJob Claimed, RegistrySnapshot Registry, DateTimeOffset Closing)
{
    /// <summary>The lane's connection. It outlives the transaction.</summary>
    public NpgsqlConnection Connection { get; } = Transaction.Connection;

    /// <summary>The job's bot.</summary>
    public Bot Bot => Registry.Bots[Claimed.Job.Bot];

    /// <summary>The bot's window as it is defined now. The next plan follows it.</summary>
    public DeletionWindow Window => Registry.Windows[Bot.Window];
}
