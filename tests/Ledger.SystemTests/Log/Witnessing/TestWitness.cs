using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ledger.Cli.Run;
using Ledger.Contracts.Transparency;
using Ledger.Witnessing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary>
/// A real witness on a real port, with its state in a folder of its own. It can be stopped, and comes back at the same address.
/// </summary>
internal sealed class TestWitness : IAsyncDisposable
{
    private readonly NoteVerifier _log;
    private WebApplication? _node;

    private TestWitness(NoteVerifier log) => _log = log;

    public NoteSigner Key { get; } =
        new(
            "witness.example/" + RandomNumberGenerator.GetHexString(8, lowercase: true), NoteKeyType.Cosignature,
            RandomNumberGenerator.GetBytes(32));
    public string State { get; } = Directory.CreateTempSubdirectory("ledger-witness-").FullName;
    public HttpClient Client { get; } = new();
    public string Address { get; private set; } = "http://127.0.0.1:0";

    /// <summary>The file of the log's state.</summary>
    public string StateFile => Path.Combine(State, WitnessState.Name(_log.Name) + ".checkpoint");

    public static async Task<TestWitness> StartAsync(NoteVerifier log)
    {
        var witness = new TestWitness(log);
        await witness.StartAsync();
        return witness;
    }

    public async Task StartAsync()
    {
        _node = WitnessService.Build(
            new WitnessSettings { Key = Key, Logs = [_log], State = State, Urls = Address, LogLevel = LogLevel.None });
        await _node.StartAsync();
        Address = ServeCommand.Addresses(_node).Single();
    }

    public async Task StopAsync()
    {
        if (_node is null)
            return;
        await _node.StopAsync();
        await _node.DisposeAsync();
        _node = null;
    }

    public Task<WitnessReplied> AddAsync(AddCheckpointRequest request) => AddAsync(Encoding.UTF8.GetBytes(request.ToString()));

    public async Task<WitnessReplied> AddAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var response = await Client.PostAsync(new Uri(Address + "/add-checkpoint"), content);
        return new WitnessReplied(
            response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync());
    }

    /// <summary>What a monitor is told that the witness cosigned last; null: 404.</summary>
    public async Task<SignedNote?> LatestAsync()
    {
        using var response = await Client.GetAsync(new Uri($"{Address}/{WitnessState.Name(_log.Name)}/checkpoint"));
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        Assert.Equal(
            (HttpStatusCode.OK, "text/plain; charset=utf-8"), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        return SignedNote.Parse(await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Its answer was its cosignature of the request's checkpoint, and nothing else.</summary>
    public void Cosigned(AddCheckpointRequest request, WitnessReplied reply)
    {
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Single(SignedNote.Parse($"{request.Note.Text}\n{reply.Body}").SignedBy(Key.Verifier));
        Assert.Equal(1, reply.Body.Count(c => c == '\n'));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        Directory.Delete(State, recursive: true);
    }
}

internal sealed record WitnessReplied(HttpStatusCode Status, string? Type, string Body);
