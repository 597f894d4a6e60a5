using System.CommandLine;
using Ledger.Machine;

namespace Ledger.Cli;

/// <summary>The option without which a token does not travel unencrypted to another machine.</summary>
internal sealed class PlainHttp
{
    private readonly Option<bool> _allow = new("--allow-http")
    {
        Description = "Send the token over http:// to another machine, where everybody on the way can read it.",
    };

    public static PlainHttp AddTo(Command verb)
    {
        var option = new PlainHttp();
        verb.Add(option._allow);
        return option;
    }

    /// <exception cref="CommandException">A token would travel unencrypted, and nobody asked for that.</exception>
    public void Refuse(ParseResult parsed, Uri url)
    {
        if (url.Scheme == Uri.UriSchemeHttp && !OutgoingHttp.IsThisMachine(url.DnsSafeHost) && !parsed.GetValue(_allow))
        {
            throw CommandException.Usage(
                $"{url.GetLeftPart(UriPartial.Authority)} is another machine, and over http everybody on the way can read the token and "
                + "what goes with it: "
                + "use https://, or say --allow-http if that way is safe");
        }
    }
}
