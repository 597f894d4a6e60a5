using Wolverine.Attributes;

namespace Ledger.Windows;

/// <summary>
/// Says that a window may have work. It is only a wake-up: losing or repeating it changes nothing but the hour.
/// </summary>
/// <param name="Window">The window's name.</param>
/// <param name="At">The instant that it is for, by the database's clock. Null for now.</param>
[MessageIdentity("wake_window")]
public sealed record WakeWindow(string Window, DateTimeOffset? At);
