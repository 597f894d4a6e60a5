using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Decision = Ledger.Engine.Decision<Ledger.Contracts.Registry.RegistryEvent>;

namespace Ledger.Holds;

/// <summary>A command to a legal hold. The instant comes with the command, because a decision reads no clock.</summary>
public abstract record HoldCommand
{
    private protected HoldCommand() { }
}

/// <summary>Place the hold.</summary>
public sealed record PlaceHold(LegalHoldPlaced Placed) : HoldCommand;

/// <summary>Lift the hold.</summary>
public sealed record LiftHold(string Actor, string? Reason) : HoldCommand;

/// <summary>End the hold if its instant has come.</summary>
public sealed record ExpireHold(DateTimeOffset Now) : HoldCommand;

/// <summary>Record that a client is given the hold's identifiers.</summary>
public sealed record DiscloseHold(string Client) : HoldCommand;

/// <summary>The rules of a legal hold, as pure functions. Repeating a command records nothing.</summary>
public static class HoldDecisions
{
    public static Decision Decide(LegalHold? hold, HoldCommand command) => (hold, command) switch
    {
        (null, PlaceHold place) => Decision.Of(place.Placed),
        (_, PlaceHold) => Decision.Nothing,
        (null, _) => Decision.Reject("there is no such legal hold: `ledger hold list` shows them"),
        ({ IsLive: false }, LiftHold) => Decision.Reject($"the legal hold has ended already: it was {hold.StatusName}"),
        ({ IsLive: false }, _) => Decision.Nothing,
        (_, LiftHold lift) => Decision.Of(Ended(hold, HoldEnd.Lifted, lift.Actor, lift.Reason)),
        (_, ExpireHold expire) => hold.Until <= expire.Now
            ? Decision.Of(Ended(hold, HoldEnd.Expired, "ledger", reason: null))
            : Decision.Nothing,
        (_, DiscloseHold disclose) => hold.DisclosedTo.Contains(disclose.Client)
            ? Decision.Nothing
            : Decision.Of(new LegalHoldDisclosed(hold.HoldId.ToString(), hold.Bot, disclose.Client) { Actor = disclose.Client }),
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    private static LegalHoldEnded Ended(LegalHold hold, HoldEnd how, string actor, string? reason) =>
        new(hold.HoldId.ToString(), hold.Bot, how) { Actor = actor, Reason = reason };
}
