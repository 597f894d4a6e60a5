using System.CommandLine;

namespace Ledger.Cli.Run;

/// <summary>The options of <c>ledger serve</c>.</summary>
internal sealed class ServeOptions
{
    public const string PublicUrlVariable = "LEDGER_PUBLIC_URL";
    public const string WitnessPolicyVariable = "LEDGER_WITNESS_POLICY";

    private readonly Option<string?> _publicUrl = new("--public-url")
    {
        Description = $"The service's address as its users know it, for links in mail and certificates (or {PublicUrlVariable}).",
        HelpName = "URL",
    };

    public ServeOptions(Verb verb)
    {
        Database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.Add(Embedded);
        verb.Add(Urls);
        verb.Add(_publicUrl);
        Limits = LimitSettings.AddTo(verb);
        Mail = MailSettings.AddTo(verb);
        verb.Add(WitnessPolicy);
    }

    public DatabaseOptions Database { get; }
    public LimitSettings Limits { get; }
    public MailSettings Mail { get; }
    public Option<bool> Embedded { get; } =
        new("--embedded") { Description = "Bring a private PostgreSQL along, in the data folder (--data)." };

    public Option<string> Urls { get; } = new("--urls")
    {
        Description = "Where to listen; several separated by semicolons.",
        HelpName = "URL",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    public Option<string?> WitnessPolicy { get; } =
        new("--witness-policy")
        {
            Description =
                $"Witnesses that must cosign before anything logged counts: a policy file (c2sp.org/tlog-policy) with their addresses "
                + $"(or {WitnessPolicyVariable}).",
            HelpName = "FILE",
            DefaultValueFactory = _ => OptionValues.OrVariable(null, WitnessPolicyVariable),
        };

    /// <exception cref="CommandException">It is no web address.</exception>
    public Uri? PublicUrlOf(ParseResult parsed)
    {
        var text = OptionValues.OrVariable(parsed.GetValue(_publicUrl), PublicUrlVariable);
        if (string.IsNullOrEmpty(text))
            return null;
        return
            Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url is { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" }
            && url.Host.Length > 0
            ? url
            : throw CommandException.Usage(
                $"the public address cannot be read (--public-url or {PublicUrlVariable}): it must be like https://ledger.example.com"
            );
    }
}
