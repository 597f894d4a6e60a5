using Ledger.Pages.Jobs;
using Ledger.Pages.Log;
using Ledger.Web;

namespace Ledger.Pages;

/// <summary>The console: pages for people, rendered on the server.</summary>
public static class LedgerPages
{
    public static void AddLedgerPages(this IServiceCollection services)
    {
        services.AddSingleton<Html>();
        services.AddSingleton<ErrorPageWriter>(provider => ErrorPages.Of(provider.GetRequiredService<Html>()));
        services.AddSingleton<JobCounts>();
        services.AddSingleton<ErasedByNight>();
        services.AddSingleton<LogOverview>();
        services.AddSingleton<JobHistory>();
    }

    public static void MapLedgerPages(this WebApplication app)
    {
        Assets.Map(app);
        SignIn.Map(app);
        VerifyPages.Map(app);
        var pages = app.MapGroup("").AddEndpointFilter<Gate>().ExcludeFromDescription();
        OverviewPage.Map(pages);
        JobsPage.Map(pages);
        JobDetailPage.Map(pages);
        LogPage.Map(pages);
        BotsPage.Map(pages);
        MessagesPage.Map(pages);
    }
}
