using Ledger.Database;

namespace Ledger.SystemTests.Scale;

/// <summary>A statement of the product with the bound that it is held to, however much the ledger holds.</summary>
/// <param name="Name">What it does, for the test's message.</param>
/// <param name="Owner">The class that embeds it.</param>
/// <param name="Method">The method that it is named after.</param>
/// <param name="Buffers">How many pages it may read and write, at most.</param>
/// <param name="Arguments">Its parameters, each a typed literal: <c>text 'night'</c>, <c>uuid null</c>.</param>
internal sealed record ScaleStatement(string Name, Type Owner, string Method, int Buffers, params string[] Arguments)
{
    /// <summary>What holds when it runs, beyond a log that is not behind.</summary>
    public string? Given { get; init; }

    /// <summary>What another session has done and not committed.</summary>
    public string? Elsewhere { get; init; }

    /// <summary>Rows that it must give; null: any number.</summary>
    public int? Rows { get; init; }

    /// <summary>Prepares it under a name, with its types.</summary>
    public string Prepare(string name) => $"prepare {name} {List(Arguments.Select(TypeOf))} as {Sql.Load(Owner, Method)}";

    /// <summary>Runs what was prepared, and says how.</summary>
    public string Explain(string name) =>
        $"explain (analyze, buffers, timing off, format json) execute {name}{List(Arguments.Select(ValueOf))}";

    private static string List(IEnumerable<string> parts) => string.Join(", ", parts) is { Length: > 0 } list ? $"({list})" : "";

    private static string TypeOf(string argument) => argument[..argument.IndexOf(' ', StringComparison.Ordinal)];

    private static string ValueOf(string argument) => $"{argument[argument.IndexOf(' ', StringComparison.Ordinal)..]}::{TypeOf(argument)}";
}
