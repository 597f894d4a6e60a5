namespace Ledger.Chaos;

public enum Victim
{
    Service,
    Postgres,
}

/// <summary>The tests that kill PostgreSQL, the server of all tests: these run alone, after the others.</summary>
[CollectionDefinition(nameof(KillsPostgres), DisableParallelization = true)]
public sealed class KillsPostgres;

/// <summary>
/// SIGKILL of the victim while the service stands at a named point. Whatever was killed is started again and the job must end with exact
/// counts and one outcome per ordinal. Each test has a service process of its own, so those that kill only that run beside each other.
/// </summary>
public abstract class KilledTests(Victim victim)
{
    protected Victim Victim => victim;

    /// <summary>Starts the node that is to come to these points in turn.</summary>
    protected Task StartAsync(Scene scene, params string[] points) =>
        scene.StartNodeAsync(victim == Victim.Service ? points[0] : string.Join(',', points));

    /// <summary>
    /// Kills at each point in turn, so that what a death left is gone on from until the next. A service is followed by another one each
    /// time, and one service outlives all deaths of PostgreSQL.
    /// </summary>
    protected async Task KillAtEachAsync(Scene scene, params string[] points)
    {
        for (var i = 0; i < points.Length; i++)
        {
            await scene.Node.FaultPointAsync(points[i]);
            if (victim == Victim.Service)
                await scene.KillNodeAsync(i + 1 < points.Length ? points[i + 1] : null);
            else
                await scene.KillPostgresAsync();
        }
    }
}
