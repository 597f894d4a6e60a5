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
/// SIGKILL of the victim while the service stands at a named point; whatever was killed is started again and the job must end with exact counts and one outcome per ordinal.
/// Each test has a service process of its own, so those that kill only that run beside each other.
/// </summary>
public abstract class KilledTests(Victim victim)
{
    protected Victim Victim => victim;

    protected Task KillAsync(Scene scene) => victim == Victim.Service ? scene.KillNodeAsync() : scene.KillPostgresAsync();
}
