using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.SystemTests.Cli;
using Npgsql;

namespace Ledger.SystemTests.Database;

/// <summary>Keywords of a connection string: kept where they were asked for, or refused in words.</summary>
public sealed class ConnectionStringTests
{
    private const string Server = "Host=db.example;Database=ledger;Username=ledger_service";

    [Theory]
    [InlineData("Maximum Pool Size=3", "Maximum Pool Size", 3)]
    [InlineData("MaxPoolSize=120", "Maximum Pool Size", 120)]
    [InlineData("Command Timeout=33", "Command Timeout", 33)]
    [InlineData("Max Auto Prepare=0", "Max Auto Prepare", 0)]
    [InlineData("Timeout=4", "Timeout", 4)]
    [InlineData("Keepalive=9", "Keepalive", 9)]
    [InlineData("Application Name=mine", "Application Name", "mine")]
    public async Task What_was_asked_for_is_kept(string given, string keyword, object value)
    {
        await using var source = ServiceDatabase.Source($"{Server};{given}");
        Assert.Equal(value, new NpgsqlConnectionStringBuilder(source.ConnectionString)[keyword]);
    }

    [Fact]
    public void As_many_turns_run_at_once_as_there_may_be_sessions() =>
        Assert.Equal(3, LaneDatabase.TurnsAtOnce($"{Server};Maximum Pool Size=3"));

    [SkippableFact]
    public async Task Of_several_hosts_the_primary_is_used()
    {
        await using var database = await TestDatabase.CreateAsync();
        var given = new NpgsqlConnectionStringBuilder(database.ConnectionStringFor("ledger_service"));
        given.Host = $"127.0.0.1:1,{given.Host}:{given.Port}";
        await using var source = ServiceDatabase.Source(given.ConnectionString);
        Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        Assert.Null(await DatabaseCheck.PoolerProblemAsync(given.ConnectionString, CancellationToken.None));
    }

    [SkippableTheory]
    [InlineData("Include Error Detail=true", "Include Error Detail")]
    [InlineData("Log Parameters=true", "Log Parameters")]
    [InlineData("Multiplexing=true", "Multiplexing")]
    [InlineData("No Reset On Close=false", "No Reset On Close")]
    [InlineData("Client Encoding=LATIN1", "Client Encoding")]
    [InlineData("Encoding=iso-8859-1", "Encoding")]
    [InlineData("Target Session Attributes=standby", "Target Session Attributes")]
    [InlineData("Maximum Pool Size=2", "Maximum Pool Size")]
    [InlineData("Minimum Pool Size=9;Maximum Pool Size=5", "Minimum Pool Size")]
    public async Task What_cannot_be_kept_is_refused_in_words(string given, string named)
    {
        await using var cli = await CliDatabase.CreateAsync();
        string[][] verbs = [["bot", "list"], ["serve", "--keys", cli.Keys, "--urls", "http://127.0.0.1:0"], ["migrate"]];
        foreach (var verb in verbs)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var refused = await CliDatabase.RunAsync([.. verb, "--connection", $"{cli.Service};{given}"], deadline.Token);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains(named, refused.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("this is a bug", refused.Error, StringComparison.Ordinal);
        }
    }
}
