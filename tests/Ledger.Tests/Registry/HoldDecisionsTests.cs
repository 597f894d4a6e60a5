using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Holds;
using Ledger.Projections.Registry;

namespace Ledger.Tests.Registry;

/// <summary>The rules of a legal hold, without a database: given events, when a command, then events or a rejection.</summary>
public sealed class HoldDecisionsTests
{
    private static readonly DateTimeOffset s_at = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);
    private static readonly HoldId s_id = HoldId.FromRandomness(new byte[32]);

    private static readonly LegalHoldPlaced s_placed = new(
        s_id.ToString(), "st-1", RequestType.ConversationIds, [new byte[32], new byte[32]], s_at.AddDays(1))
    {
        Actor = "cs-1",
        Reason = "case 7",
    };

    private static readonly LegalHoldEnded s_lifted = new(s_id.ToString(), "st-1", HoldEnd.Lifted) { Actor = "ada", Reason = "settled" };

    [Fact]
    public void A_hold_is_placed_once()
    {
        Assert.Equal<object>([s_placed], HoldDecisions.Decide(null, new PlaceHold(s_placed)).Events);
        Assert.Empty(HoldDecisions.Decide(Given(s_placed), new PlaceHold(s_placed)).Accepted());
    }

    [Fact]
    public void A_live_hold_is_lifted_and_one_that_has_ended_is_not()
    {
        var lift = new LiftHold("ada", "settled");
        Assert.Equal<object>([s_lifted], HoldDecisions.Decide(Given(s_placed), lift).Events);
        Assert.Equal(
            "the legal hold has ended already: it was lifted", HoldDecisions.Decide(Given(s_placed, s_lifted), lift).Rejection!.Message);
        Assert.Contains("no such legal hold", HoldDecisions.Decide(null, lift).Rejection!.Message);
    }

    [Fact]
    public void A_hold_expires_at_its_instant_and_not_before()
    {
        Assert.Empty(HoldDecisions.Decide(Given(s_placed), new ExpireHold(s_at.AddDays(1).AddTicks(-1))).Accepted());
        var expired = Assert.Single(HoldDecisions.Decide(Given(s_placed), new ExpireHold(s_at.AddDays(1))).Accepted());
        Assert.Equal(HoldEnd.Expired, Assert.IsType<LegalHoldEnded>(expired).How);
        Assert.Empty(HoldDecisions.Decide(Given(s_placed with { Until = null }), new ExpireHold(DateTimeOffset.MaxValue)).Accepted());
        Assert.Empty(HoldDecisions.Decide(Given(s_placed, s_lifted), new ExpireHold(s_at.AddDays(2))).Accepted());
    }

    [Fact]
    public void Its_ids_are_disclosed_to_each_client_once_and_to_nobody_after_its_end()
    {
        var disclosed = HoldDecisions.Decide(Given(s_placed), new DiscloseHold("cs-2")).Accepted();
        Assert.Equal<object>([new LegalHoldDisclosed(s_id.ToString(), "st-1", "cs-2") { Actor = "cs-2" }], disclosed);
        var hold = Given([s_placed, .. disclosed]);
        Assert.Empty(HoldDecisions.Decide(hold, new DiscloseHold("cs-2")).Accepted());
        Assert.Single(HoldDecisions.Decide(hold, new DiscloseHold("cs-3")).Accepted());
        Assert.Empty(HoldDecisions.Decide(Given(s_placed, s_lifted), new DiscloseHold("cs-3")).Accepted());
    }

    [Fact]
    public void Nothing_follows_the_end_and_nothing_comes_before_the_beginning()
    {
        Assert.Throws<InvalidOperationException>(() => Given(s_placed, s_lifted, s_lifted));
        Assert.Throws<InvalidOperationException>(() => Given(s_placed, s_placed));
        Assert.Throws<InvalidOperationException>(() => Given(s_lifted));
        Assert.Throws<InvalidOperationException>(() => Given(s_placed with { Hold = "lh-1" }));
    }

    [Fact]
    public void An_id_is_lh_and_a_version_5_uuid_and_follows_from_bot_and_key()
    {
        var secret = new byte[32];
        var id = HoldId.FromIdempotencyKey(secret, "st-1", "key");
        Assert.Matches(HoldId.Pattern, id.ToString());
        Assert.True(HoldId.TryParse(id.ToString(), out var read) && read == id);
        Assert.Equal(id, HoldId.FromIdempotencyKey(secret, "st-1", "key"));
        Assert.NotEqual(id, HoldId.FromIdempotencyKey(secret, "st-2", "key"));
        Assert.NotEqual(id.Value, JobId.FromIdempotencyKey(secret, "st-1", "key").Value);
        Assert.All(
            ["", "lh-", "cdj" + id.ToString()[2..], id.ToString().ToUpperInvariant()], text => Assert.False(HoldId.TryParse(text, out _)));
    }

    private static LegalHold Given(params IReadOnlyList<RegistryEvent> events) =>
        events.Aggregate((LegalHold?)null, (hold, @event) => LegalHoldFold.Apply(hold, @event, s_at))!;
}
