using Marten.Exceptions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MartenReader;

/// <summary>Something that whoever runs it can put right.</summary>
internal sealed class ReaderException(string message) : Exception(message);

/// <summary>What went wrong, in words.</summary>
internal static class Problem
{
    public static string InWords(Exception e)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            if (Known(inner) is { } words)
                return words;
        }
        var cause = e.GetBaseException();
        return cause == e ? $"{e.GetType().Name}: {FirstLine(e.Message)}" : $"{FirstLine(e.Message)}: {FirstLine(cause.Message)}";
    }

    private static string? Known(Exception e) => e switch
    {
        ReaderException => e.Message,
        UnknownEventTypeException =>
            $"this program is older than the ledger and must be built anew with its version. {FirstLine(e.Message)}",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            "the server lets this role not in: `create role … login password … in role ledger_reader` makes one",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } p => p.MessageText,
        PostgresException { SqlState: "3F000" or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedObject } =>
            "there is no ledger in this database: `ledger migrate` makes one",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } p =>
            $"{p.MessageText}: this role must be a member of ledger_reader",
        PostgresException p => $"{p.SqlState} {p.MessageText}",
        NpgsqlException => e.Message,
        ArgumentException { Source: "Npgsql" or "System.Data.Common" } =>
            "this is no connection string: one looks like Host=…;Database=ledger;Username=…;Password=…",
        _ => null,
    };

    public static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();
}

/// <summary>The daemon's warnings, each a line. Where it skips numbers of failed appends it says so, and that is normal.</summary>
internal sealed class Warnings(TextWriter error) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            error.WriteLine(Problem.FirstLine($"{logLevel}: {formatter(state, exception)}"));
    }
}
