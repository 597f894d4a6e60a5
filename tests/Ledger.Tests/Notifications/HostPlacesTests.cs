using Ledger.Notifications.Webhooks;

namespace Ledger.Tests.Notifications;

public sealed class HostPlacesTests
{
    [Fact]
    public void A_host_takes_no_more_than_its_own_places_and_all_take_no_more_than_there_are()
    {
        var places = new HostPlaces(perHost: 2, all: 3);
        var first = places.Take("one.example");
        Assert.NotNull(first);
        Assert.NotNull(places.Take("One.example"));
        Assert.Null(places.Take("one.example"));
        var other = places.Take("other.example");
        Assert.NotNull(other);
        Assert.Null(places.Take("third.example"));
        first.Dispose();
        Assert.NotNull(places.Take("one.example"));
        other.Dispose();
        Assert.Null(places.Take("one.example"));
        Assert.NotNull(places.Take("third.example"));
    }
}
