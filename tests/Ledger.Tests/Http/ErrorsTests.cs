using Ledger.EventStore;
using Ledger.Web;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Ledger.Tests.Http;

public sealed class ErrorsTests
{
    [Theory]
    [InlineData("57P01", 503)]
    [InlineData("57P02", 503)]
    [InlineData("57P03", 503)]
    [InlineData("53300", 503)]
    [InlineData("25006", 503)]
    [InlineData("08006", 503)]
    [InlineData("23505", 500)]
    [InlineData("42501", 500)]
    public void An_sqlstate_is_503_only_if_the_connection_is_at_fault(string sqlState, int status) =>
        Assert.Equal(status, Errors.For(new PostgresException("quotes an id", "ERROR", "ERROR", sqlState)).Status);

    [Fact]
    public void A_session_that_the_server_refuses_or_ends_is_503() =>
        Assert.Equal(503, Errors.For(new PostgresException("permission denied for database", "FATAL", "FATAL", "42501")).Status);

    [Fact]
    public void Each_exception_has_its_status()
    {
        Assert.Equal(409, Errors.For(new LostRaceException(new InvalidOperationException())).Status);
        Assert.Equal(503, Errors.For(new OutcomeUnknownException(new NpgsqlException())).Status);
        Assert.Equal(503, Errors.For(new NpgsqlException("connection refused")).Status);
        Assert.Equal(413, Errors.For(new BadHttpRequestException("too large", 413)).Status);
        Assert.Equal(500, Errors.For(new InvalidOperationException("quotes an id")).Status);
    }

    [Fact]
    public async Task An_internal_error_says_nothing_more()
    {
        var answer = await BodyOf(Errors.For(new InvalidOperationException("quotes an id")));
        Assert.Equal("""{"errors":[{"msg":"internal error","code":500}]}""", answer);
    }

    [Fact]
    public async Task An_unknown_outcome_has_its_own_code_and_says_when_to_repeat()
    {
        var context = Context();
        await Errors.For(new OutcomeUnknownException(new NpgsqlException())).ExecuteAsync(context);
        Assert.Equal("""{"errors":[{"msg":"outcome unknown, repeat with the same Idempotency-Key","code":5031}]}""", Written(context));
        Assert.True(int.Parse(context.Response.Headers.RetryAfter.ToString()) > 0);
    }

    [Fact]
    public void The_log_line_has_types_and_codes_and_no_message()
    {
        var line = Errors.Describe(
            new InvalidOperationException("s3cr3t", new PostgresException("s3cr3t", "ERROR", "ERROR", "23505", constraintName: "pk_jobs")));
        Assert.Contains("InvalidOperationException <- PostgresException 23505 pk_jobs", line, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", line, StringComparison.Ordinal);
    }

    private static async Task<string> BodyOf(ErrorAnswer answer)
    {
        var context = Context();
        await answer.ExecuteAsync(context);
        return Written(context);
    }

    private static DefaultHttpContext Context() => new() { Response = { Body = new MemoryStream() } };

    private static string Written(HttpContext context) =>
        System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
}
