using Ledger.Contracts.Jobs;

namespace Ledger.Windows;

/// <summary>When, and in which opening.</summary>
public sealed record Plan(DateTimeOffset PlannedAt, PlannedWindow Window);
