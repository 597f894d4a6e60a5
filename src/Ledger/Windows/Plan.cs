using Ledger.Contracts.Jobs;

namespace Ledger.Windows;

/// <summary>The instant that a job is planned for, and the opening.</summary>
public sealed record Plan(DateTimeOffset PlannedAt, PlannedWindow Window);
