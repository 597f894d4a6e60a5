using System.CommandLine;

namespace Ledger.Cli.Registry;

/// <summary>The person who changes the registry and the reason. Both are recorded with every change.</summary>
internal sealed class RecordedBy
{
    private readonly Option<string> _actor = new("--actor")
    {
        Description = "Who does this, for the record.",
        HelpName = "NAME",
        DefaultValueFactory = _ => Environment.UserName,
    };

    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };

    public static RecordedBy AddTo(Verb verb)
    {
        var by = new RecordedBy();
        verb.Add(by._reason);
        verb.Add(by._actor);
        return by;
    }

    /// <summary>For what is recorded without a reason.</summary>
    public static RecordedBy AddActorTo(Verb verb)
    {
        var by = new RecordedBy();
        verb.Add(by._actor);
        return by;
    }

    public string Actor(ParseResult parsed) => parsed.GetValue(_actor)!;

    public string? Reason(ParseResult parsed) => parsed.GetValue(_reason);
}
