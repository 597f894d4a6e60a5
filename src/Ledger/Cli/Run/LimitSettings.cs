using System.CommandLine;
using System.Globalization;
using Ledger.Web;

namespace Ledger.Cli.Run;

/// <summary>The options of <c>ledger serve</c> that say how much a client may ask (contract §5).</summary>
internal sealed class LimitSettings
{
    private const string Submits = "Submissions for each bot";
    private const string Polls = "Polls of each job";

    private static readonly (RateLimit Submits, RateLimit Polls) s_standard = (new HttpOptions().Submits!, new HttpOptions().Polls!);

    private readonly Option<string?> _submitsPerMinute = Make("submits-per-minute", Submits, s_standard.Submits.PerMinute);
    private readonly Option<string?> _submitsPerHour = Make("submits-per-hour", Submits, s_standard.Submits.PerHour);
    private readonly Option<string?> _pollsPerMinute = Make("polls-per-minute", Polls, s_standard.Polls.PerMinute);
    private readonly Option<string?> _pollsPerHour = Make("polls-per-hour", Polls, s_standard.Polls.PerHour);

    public static LimitSettings AddTo(Verb verb)
    {
        var settings = new LimitSettings();
        foreach (var option in (Option[])
            [settings._submitsPerMinute, settings._submitsPerHour, settings._pollsPerMinute, settings._pollsPerHour])
            verb.Add(option);
        return settings;
    }

    /// <exception cref="CommandException">One is malformed.</exception>
    public (RateLimit Submits, RateLimit Polls) Read(ParseResult parsed) => (
        new RateLimit(
            Read(parsed, _submitsPerMinute) ?? s_standard.Submits.PerMinute, Read(parsed, _submitsPerHour) ?? s_standard.Submits.PerHour),
        new RateLimit(
            Read(parsed, _pollsPerMinute) ?? s_standard.Polls.PerMinute, Read(parsed, _pollsPerHour) ?? s_standard.Polls.PerHour));

    private static Option<string?> Make(string name, string what, int standard) => new($"--{name}")
    {
        Description = $"{what} per UTC {name.Split('-')[^1]}, on all nodes together (or {Variable($"--{name}")}). "
            + $"A bot may have its own: `ledger bot set`. [default: {standard}]",
        HelpName = "N",
    };

    private static int? Read(ParseResult parsed, Option<string?> option)
    {
        if (OptionValues.OrVariable(parsed.GetValue(option), Variable(option.Name)) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? limit
            : throw CommandException.Usage($"{option.Name} (or {Variable(option.Name)}) must be a whole number from 1 to {int.MaxValue}");
    }

    /// <summary><c>LEDGER_SUBMITS_PER_MINUTE</c> of <c>--submits-per-minute</c>.</summary>
    private static string Variable(string option) => $"LEDGER{option[1..].Replace('-', '_').ToUpperInvariant()}";
}
