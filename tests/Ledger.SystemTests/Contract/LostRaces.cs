using Ledger.Projections;

namespace Ledger.SystemTests.Contract;

/// <summary>Whoever appends to a bot's stream finds that another was first, each time.</summary>
internal static class LostRaces
{
    public static Task LoseRacesAsync(this TestService service, string bot) => service.ExecuteAsync($"""
        create function public.lost() returns trigger language plpgsql
            as $$ begin raise exception 'lost' using errcode = 'MT003'; end $$;
        create trigger lost before update on ledger.mt_streams
            for each row when (new.id = '{StreamIds.Bot(bot)}') execute function public.lost()
        """);

    public static Task LoseNoMoreRacesAsync(this TestService service) =>
        service.ExecuteAsync("drop trigger lost on ledger.mt_streams; drop function public.lost");
}
