using FsCheck;
using FsCheck.Fluent;
using Ledger.Execution.Turns;

namespace Ledger.Tests.Execution;

/// <summary>The places of turns on a node.</summary>
public sealed class TurnPlacesTests
{
    private static readonly string[] s_windows = ["day", "night"];

    [Fact]
    public void A_window_has_no_more_turns_than_lanes()
    {
        var places = new TurnPlaces(most: 8);
        Assert.True(places.TryEnter("night", lanes: 2));
        Assert.True(places.TryEnter("night", lanes: 2));
        Assert.False(places.TryEnter("night", lanes: 2));
        Assert.True(places.TryEnter("day", lanes: 2));
        places.Leave("night");
        Assert.True(places.TryEnter("night", lanes: 2));
    }

    [Fact]
    public void A_node_has_no_more_turns_than_places()
    {
        var places = new TurnPlaces(most: 2);
        Assert.True(places.TryEnter("night", lanes: 4));
        Assert.True(places.TryEnter("day", lanes: 4));
        Assert.False(places.TryEnter("noon", lanes: 4));
        places.Leave("day");
        Assert.True(places.TryEnter("noon", lanes: 4));
    }

    [Fact]
    public void A_turn_whose_window_was_woken_since_its_look_does_not_leave()
    {
        var places = new TurnPlaces(most: 8);
        places.TryEnter("night", lanes: 1);
        var look = places.Woken("night");
        Assert.False(places.TryEnter("night", lanes: 1));
        Assert.False(places.TryLeave("night", look));
        Assert.True(places.TryLeave("night", places.Woken("night")));
        Assert.True(places.TryEnter("night", lanes: 1));
    }

    [Fact]
    public void Another_windows_wake_up_keeps_no_turn_from_leaving()
    {
        var places = new TurnPlaces(most: 8);
        places.TryEnter("night", lanes: 1);
        var look = places.Woken("night");
        places.TryEnter("day", lanes: 1);
        Assert.True(places.TryLeave("night", look));
    }

    [Fact]
    public void A_window_that_found_no_place_is_named_once_when_there_is_one()
    {
        var places = new TurnPlaces(most: 1);
        places.TryEnter("night", lanes: 1);
        places.TryEnter("day", lanes: 1);
        Assert.Null(places.NextWaiting());
        places.Leave("night");
        Assert.Equal("day", places.NextWaiting());
        Assert.True(places.TryEnter("day", lanes: 1));
        Assert.Null(places.NextWaiting());
    }

    [Fact]
    public void Who_comes_later_does_not_pass_a_window_that_waits()
    {
        var places = new TurnPlaces(most: 1);
        places.TryEnter("night", lanes: 4);
        Assert.False(places.TryEnter("day", lanes: 4));
        Assert.False(places.TryEnter("noon", lanes: 4));
        places.Leave("night");
        // The night has more to do, and its wake-up is handled first.
        Assert.False(places.TryEnter("night", lanes: 4));
        foreach (var next in (string[])["day", "noon", "night"])
        {
            Assert.Equal(next, places.NextWaiting());
            Assert.True(places.TryEnter(next, lanes: 4));
            places.Leave(next);
        }
        Assert.Null(places.NextWaiting());
    }

    [Fact]
    public void A_window_that_found_a_place_meanwhile_waits_no_more()
    {
        var places = new TurnPlaces(most: 1);
        places.TryEnter("night", lanes: 1);
        places.TryEnter("day", lanes: 1);
        places.Leave("night");
        places.TryEnter("day", lanes: 1);
        places.Leave("day");
        Assert.Null(places.NextWaiting());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 2)]
    public void No_work_is_left_behind_however_wake_ups_and_turns_meet(int most, int lanes) =>
        Prop.ForAll(Schedules(), schedule => new Simulation(most, lanes, leavesUnasked: false).Run(schedule) == 0)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public void A_turn_that_left_without_asking_would_leave_work_behind()
    {
        // The twin: the simulation can tell.
        var left = Gen.Sample(Schedules().Generator, 5_000).Max(new Simulation(2, 1, leavesUnasked: true).Run);
        Assert.True(left > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_work_is_left_behind_by_threads_either(int most)
    {
        var places = new TurnPlaces(most);
        var work = s_windows.ToDictionary(window => window, _ => new Count());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                var window = s_windows[(i + n) % s_windows.Length];
                work[window].Add();
                for (var next = window; next is not null; next = places.NextWaiting())
                    Turn(places, next, work[next]);
            }
        })));
        Assert.All(work.Values, count => Assert.Equal(0, count.Value));
    }

    private static Arbitrary<int[]> Schedules() => Gen.Choose(0, 99).ArrayOf(60).ToArbitrary();

    private static void Turn(TurnPlaces places, string window, Count work)
    {
        if (!places.TryEnter(window, lanes: 1))
            return;
        long look;
        do
        {
            look = places.Woken(window);
            work.Clear();
        }
        while (!places.TryLeave(window, look));
    }

    private sealed class Count
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Add() => Interlocked.Increment(ref _value);

        public void Clear() => Interlocked.Exchange(ref _value, 0);
    }

    /// <summary>
    /// Threads of a node that take steps one after the other. Some leave work and wake its window, and turns look for it. A schedule says
    /// whose step is next.
    /// </summary>
    private sealed class Simulation(int most, int lanes, bool leavesUnasked)
    {
        private const int Planned = 5;

        /// <returns>How many windows have work although nobody is coming.</returns>
        public int Run(int[] schedule)
        {
            var places = new TurnPlaces(most);
            var work = s_windows.ToDictionary(window => window, _ => 0);
            var running = new List<IEnumerator<bool>>();
            for (var i = 0; i < Planned; i++)
                running.Add(Plan(places, work, s_windows[i % s_windows.Length], running));
            for (var step = 0; running.Count > 0; step++)
            {
                var next = running[(step < schedule.Length ? schedule[step] : step) % running.Count];
                if (!next.MoveNext())
                    running.Remove(next);
            }
            return work.Values.Count(left => left > 0);
        }

        private IEnumerator<bool> Plan(
            TurnPlaces places, Dictionary<string, int> work, string window, List<IEnumerator<bool>> running)
        {
            work[window]++;
            yield return true;
            running.Add(Wake(places, work, window, running));
        }

        private IEnumerator<bool> Wake(
            TurnPlaces places, Dictionary<string, int> work, string window, List<IEnumerator<bool>> running)
        {
            var isIn = places.TryEnter(window, lanes);
            yield return true;
            while (isIn)
            {
                var look = places.Woken(window);
                yield return true;
                work[window] = 0;
                yield return true;
                if (leavesUnasked)
                    places.Leave(window);
                else if (!places.TryLeave(window, look))
                    continue;
                break;
            }
            yield return true;
            if (places.NextWaiting() is { } other)
                running.Add(Wake(places, work, other, running));
        }
    }
}
