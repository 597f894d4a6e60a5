using System.CommandLine;
using Ledger.Contracts;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Windows;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger window add|list</c></summary>
internal static class WindowCommand
{
    private const int OpeningsShown = 3;

    public static Verb Verb() =>
        new Verb(
            "window", "The off-peak windows that deletions run in.",
            "ledger window add night --cron '0 0 22 * * ?' --zone Europe/Berlin --length 6h\nledger window list")
        {
            Add(), List(),
        };

    private static Verb Add()
    {
        var verb = new Verb(
            "add",
            "Defines a window; one that exists gets the new definition.",
            "ledger window add night --cron '0 0 22 * * ?' --zone Europe/Berlin --length 6h --lanes 4",
            "--cron is: second minute hour day-of-month month day-of-week, with ? for one of the two days, weekdays by name and no year.\n"
            + "The length is elapsed time, also when clocks change. Lanes are how many jobs run side by side. Jobs that wait for the\n"
            + "window are planned again by its new definition, within seconds.");
        var name = new Argument<string>("NAME") { Description = "1 to 64 characters of a-z, 0-9 and -." };
        var cron = new Option<string>("--cron") { Description = "When it opens.", HelpName = "CRON", Required = true };
        var zone = new Option<string>("--zone")
        {
            Description = "The time zone of --cron, by its IANA name.",
            HelpName = "ZONE",
            DefaultValueFactory = _ => "UTC",
        };
        var length = OptionValues.Duration("--length", "How long it stays open.", "8h");
        var lanes = new Option<int>("--lanes")
        {
            Description = "Jobs side by side, 1 to 32.",
            HelpName = "N",
            DefaultValueFactory = _ => 4,
        };
        verb.Add(name);
        foreach (var option in new Option[] { cron, zone, length, lanes })
            verb.Add(option);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var window = new Window(
                    parsed.GetValue(name)!, parsed.GetValue(cron)!, parsed.GetValue(zone)!, parsed.GetValue(length),
                    parsed.GetValue(lanes));
                if (Window.Problems(window.Name, window.Cron, window.TimeZone, window.Length, window.Lanes) is { Count: > 0 } problems)
                    throw CommandException.Usage($"this is no window: {string.Join("; ", problems)}");
                await using var opened = await database.OpenAsync(parsed, cancel);
                CommandException.ThrowIf(
                    await opened.Registry.DefineWindowAsync(
                        new DefineWindow(
                            window.Name, window.Cron, window.TimeZone, (long)window.Length.TotalSeconds, window.Lanes, by.Actor(parsed),
                            by.Reason(parsed)),
                        cancel
                    )
                );
                Terminal.Of(parsed).Line($"The window is defined. It opens next at {Openings(window, 1)}.");
            }
        );
        return verb;
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Shows the windows and when they open next (UTC).", "ledger window list");
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            await using var connection = await opened.Source.OpenConnectionAsync(cancel);
            var windows = await Documents.AllAsync(connection, DocumentJson.Default.DeletionWindow, cancel);
            Terminal.Of(parsed).Table(
                ["window", "cron", "zone", "length", "lanes", "open", "next openings (UTC)"],
                [.. windows.OrderBy(window => window.Name, StringComparer.Ordinal).Select(Row)],
                "There is no window yet: `ledger window add NAME --cron CRON`");
        });
        return verb;
    }

    private static string[] Row(DeletionWindow document)
    {
        var window = WindowPlanner.Window(document);
        var isOpen = new WindowCalendar(window).OpenAt(TimeProvider.System.GetUtcNow()) is not null;
        return
        [
            window.Name, window.Cron, window.TimeZone, $"{window.Length}", $"{window.Lanes}", isOpen ? "yes" : "no",
            Openings(window, OpeningsShown),
        ];
    }

    private static string Openings(Window window, int count)
    {
        var calendar = new WindowCalendar(window);
        var now = TimeProvider.System.GetUtcNow();
        var openings = calendar.NextAfter(now, count).Select(opening => Instant.Text(opening.Opens)).ToList();
        if (openings.Count > 0)
            return string.Join(", ", openings);
        return calendar.WhyNeverAgain(now) is { } reason ? $"never: {reason}" : "never again";
    }
}
