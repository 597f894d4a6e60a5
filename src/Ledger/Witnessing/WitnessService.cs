using System.Globalization;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Log.Cosigning;
using Ledger.Web;

namespace Ledger.Witnessing;

/// <summary>Settings of a witness.</summary>
public sealed record WitnessSettings
{
    /// <summary>The witness's key, of type 0x04.</summary>
    public required NoteSigner Key { get; init; }

    /// <summary>The keys of the logs to witness.</summary>
    public required IReadOnlyList<NoteVerifier> Logs { get; init; }

    /// <summary>The folder of <see cref="WitnessState"/>.</summary>
    public required string State { get; init; }

    /// <summary>The addresses to listen on, separated by semicolons. Port 0 takes a free port.</summary>
    public required string Urls { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}

/// <summary>
/// A witness over HTTP (c2sp.org/tlog-witness v1.0.0): <c>POST /add-checkpoint</c>, and <c>GET /SHA-256(origin)/checkpoint</c> for
/// monitors. It needs its state folder and nothing else.
/// </summary>
public static class WitnessService
{
    /// <summary>The content type of a 409's body, which is only the size and a newline.</summary>
    public const string SizeType = "text/x.tlog.size";

    /// <summary>A witness, not started yet. Disposing it stops it and releases its state.</summary>
    /// <exception cref="WitnessException">Its state is in use or cannot be read.</exception>
    public static WebApplication Build(WitnessSettings settings)
    {
        var state = WitnessState.Open(settings.State, settings.Key.Verifier);
        var builder = NodeHost.Create(settings.Urls, settings.LogLevel);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddSingleton(_ => state); // By a factory, so that it is disposed.
        builder.Services.AddSingleton(provider => new Witness(
            settings.Key, settings.Logs, provider.GetRequiredService<WitnessState>(), settings.Time));
        var app = builder.Build();
        app.MapPost("/add-checkpoint", AddAsync);
        app.MapGet("/{name}/checkpoint", (string name, Witness witness) => witness.Latest(name) is { } note
            ? Text(200, note.ToString())
            : Text(404, "this witness has cosigned nothing of such a log\n"));
        _ = app.Services.GetRequiredService<Witness>();
        return app;
    }

    private static async Task<IResult> AddAsync(HttpRequest request, Witness witness, ILogger<Witness> log, CancellationToken cancel)
    {
        if (await RequestBody.ReadAsync(request, cancel) is not { } body)
            return Text(413, $"a request has at most {AddCheckpointRequest.MaxBytes} bytes\n");
        AddCheckpointRequest asked;
        try
        {
            asked = AddCheckpointRequest.Parse(body);
        }
        catch (FormatException e)
        {
            return Text(400, e.Message + "\n");
        }
        var answer = await witness.AddAsync(asked, cancel);
        if (answer is WitnessAnswer.Refused { Status: 422 } refused)
            log.LogWarning(
                "Not cosigned, for '{Origin}', whose key signed it: {Reason}. Proof of the log's misbehaviour, if its proof was "
                + "right:\n{Request}",
                asked.Checkpoint.Origin, refused.Reason, asked);
        return answer switch
        {
            WitnessAnswer.Cosigned cosigned => Text(200, $"{cosigned.Signature}\n"),
            WitnessAnswer.AnotherSize another => Results.Text(
                another.Size.ToString(CultureInfo.InvariantCulture) + "\n", SizeType, statusCode: 409),
            WitnessAnswer.Refused other => Text(other.Status, other.Reason + "\n"),
            _ => throw new InvalidOperationException($"{answer.GetType().Name} has no status code"),
        };
    }

    private static IResult Text(int status, string text) => Results.Text(text, "text/plain", Encoding.UTF8, status);
}
