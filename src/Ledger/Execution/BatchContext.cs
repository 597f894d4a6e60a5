using Ledger.Engine;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Npgsql;

namespace Ledger.Execution;

/// <summary>What a batch has to do with: one claimed job, in the one transaction that all of the batch is.</summary>
/// <param name="Transaction">It ends with the batch, or all is as if the batch had not begun.</param>
/// <param name="Claimed">The job, whose stream the transaction has locked.</param>
/// <param name="Registry">As it was when the batch began.</param>
/// <param name="Closing">When the job must stop, which the transaction judges. For a job whose window is closed, now.</param>
public sealed record BatchContext(
    StreamTransaction Transaction, ClaimedJob Claimed, RegistrySnapshot Registry, DateTimeOffset Closing)
{
    /// <summary>The lane's. It outlives the transaction.</summary>
    public NpgsqlConnection Connection { get; } = Transaction.Connection;

    /// <summary>The job's.</summary>
    public Bot Bot => Registry.Bots[Claimed.Job.Bot];

    /// <summary>The bot's window as it is defined now: what the next plan goes by.</summary>
    public DeletionWindow Window => Registry.Windows[Bot.Window];
}
