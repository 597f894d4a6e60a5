using System.CommandLine;
using Ledger.Notifications.Webhooks;
using Ledger.Registry;

namespace Ledger.Cli.Registry;

/// <summary>The arguments and options that <c>ledger bot add</c> and <c>set</c> share.</summary>
internal sealed class BotSettings
{
    private const string None = "none";

    private readonly Option<string?> _ownerMail = new("--owner-mail")
    {
        Description = "Who is told when a job is done; 'none': nobody.",
        HelpName = "MAIL",
    };

    private readonly Option<string?> _webhook = new("--webhook")
    {
        Description =
            "Where a signed message is posted when a job is done (Standard Webhooks); 'none': nowhere. Its secret is made and shown, once.",
        HelpName = "URL",
    };

    private readonly DatabaseOptions _database;

    public BotSettings(Verb verb, string absent)
    {
        Created = OptionValues.Instant("--created", $"When the platform made the bot: an instant or a date. [default: {absent}]");
        verb.Add(Bot);
        verb.Add(_ownerMail);
        verb.Add(_webhook);
        verb.Add(Created);
        verb.Add(RetentionDays);
        verb.Add(KeyRetentionDays);
        verb.Add(Window);
        By = RecordedBy.AddTo(verb);
        _database = DatabaseOptions.AddTo(verb, withKeys: true);
    }

    public Argument<string> Bot { get; } = new("BOT") { Description = "App or Stream ID, as in the API's paths." };
    public Option<DateTimeOffset?> Created { get; }
    public Option<int?> RetentionDays { get; } =
        new("--retention-days")
        {
            Description = "Conversations that started longer ago are skipped; 0 with set: none are.",
            HelpName = "N",
        };
    public Option<int?> KeyRetentionDays { get; } =
        new("--key-retention-days")
        {
            Description = "Jobs that ended longer ago are forgotten, as by `ledger forget`; 0 with set: none are.",
            HelpName = "N",
        };
    public Option<string?> Window { get; } = new("--window") { Description = "The window that the bot's jobs run in.", HelpName = "NAME" };
    public RecordedBy By { get; }

    /// <summary>Null: not named; empty: none.</summary>
    public string? OwnerMailOf(ParseResult parsed) => Read(parsed, _ownerMail);

    /// <summary>Null: not named; empty: none.</summary>
    public string? WebhookOf(ParseResult parsed) => Read(parsed, _webhook);

    /// <summary>A webhook's secret is sealed, which needs the keys.</summary>
    public Task<OpenDatabase> OpenAsync(ParseResult parsed, CancellationToken cancel) =>
        _database.OpenAsync(parsed, cancel, needsKeys: WebhookOf(parsed) is { Length: > 0 });

    /// <summary>Carries the command out, says so, and shows the secret of a webhook that is new.</summary>
    public async Task ExecuteAsync(
        ParseResult parsed, OpenDatabase database, RegistryCommand command, string done, CancellationToken cancel)
    {
        var bot = parsed.GetValue(Bot)!;
        var secret = WebhookOf(parsed) is { Length: > 0 } ? WebhookSignature.NewSecret() : null;
        CommandException.ThrowIf(await database.Registry.ExecuteAsync(bot, command, secret, cancel));
        var terminal = Terminal.Of(parsed);
        terminal.Note(done);
        if (secret is null || !await WebhookSecrets.IsInUseAsync(database.Source, database.Keys, bot, secret, cancel))
            return;
        terminal.SecretLine(
            $"webhook secret: {WebhookSignature.Text(secret)}", "the webhook's secret", "set --webhook none and then the webhook again");
        terminal.Note("It is shown this once and cannot be shown again. Any library for Standard Webhooks takes it as it stands.");
    }

    private static string? Read(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) switch
        {
            None => "",
            var value => value,
        };
}
