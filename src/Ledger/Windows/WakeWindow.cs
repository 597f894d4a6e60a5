using Wolverine.Attributes;

namespace Ledger.Windows;

/// <summary>
/// Says that a window may have work. It is no more than a wake-up: to lose it or to repeat it changes nothing but the hour.
/// </summary>
/// <param name="Window">The window's name.</param>
/// <param name="At">The instant that it is for, by the database's clock; null: now.</param>
[MessageIdentity("wake_window")]
public sealed record WakeWindow(string Window, DateTimeOffset? At);
