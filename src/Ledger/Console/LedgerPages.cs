namespace Ledger.Pages;

/// <summary>The console: pages for people, rendered on the server.</summary>
public static class LedgerPages
{
    public static void AddLedgerPages(this IServiceCollection services) => services.AddSingleton<Html>();

    public static void MapLedgerPages(this WebApplication app) => Assets.Map(app);
}
