using System.CommandLine;

namespace Ledger.Cli;

/// <summary>The options of a verb that calls a running service as an API client does: its address, and a token.</summary>
internal sealed class ServiceAccess
{
    public const string TokenVariable = "LEDGER_TOKEN";

    private readonly Option<Uri> _url = new("--url")
    {
        Description = "Where the service is.",
        HelpName = "URL",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:8080"),
        CustomParser = ReadUrl,
    };
    private readonly Option<string?> _token = new("--token-file")
    {
        Description = $"A file with the client's token; - is standard input. By default it is read from {TokenVariable}.",
        HelpName = "FILE",
    };
    private readonly PlainHttp _http;

    private ServiceAccess(Command verb)
    {
        verb.Add(_url);
        verb.Add(_token);
        _http = PlainHttp.AddTo(verb);
    }

    public static ServiceAccess AddTo(Command verb) => new(verb);

    /// <summary>The service's address, without a path.</summary>
    public string Address(ParseResult parsed) => parsed.GetValue(_url)!.GetLeftPart(UriPartial.Authority);

    /// <param name="parsed">The command line.</param>
    /// <param name="files">Other files that the verb reads: standard input can be only one of them.</param>
    /// <param name="cancel">Stops the read of the token.</param>
    /// <exception cref="CommandException">There is no token, or it must not travel to this address.</exception>
    public async Task<ServiceApi> OpenAsync(ParseResult parsed, IEnumerable<string?> files, CancellationToken cancel)
    {
        var file = parsed.GetValue(_token);
        GivenText.RefuseTwice([file, .. files]);
        if (file is null && GivenText.TokenOf(TokenVariable) is null)
            throw CommandException.Usage($"a token is needed: --token-file FILE or {TokenVariable}; `ledger token --client ID` makes one");
        _http.Refuse(parsed, parsed.GetValue(_url)!);
        var token = file is null ? GivenText.TokenOf(TokenVariable)! : await GivenText.TokenAsync("--token-file", file, cancel);
        return new ServiceApi(Address(parsed), () => token);
    }

    private static Uri ReadUrl(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url)
            && url is { Scheme: "http" or "https", AbsolutePath: "/", Query: "", UserInfo: "" })
            return url;
        result.AddError("--url must be the service's address without a path, such as https://ledger.example.com");
        return new Uri("http://127.0.0.1");
    }
}
