using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ledger.SystemTests.Notifications;

/// <summary>A message as a receiver saw it.</summary>
public sealed record ReceivedMessage(string Id, long Timestamp, string Signature, string? ContentType, byte[] Body);

/// <summary>A real Kestrel that takes webhook messages.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedMessage> _messages = [];

    private WebhookReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/hook", TakeAsync);
        _app.MapGet("/elsewhere", () => "followed");
        _app.MapPost("/elsewhere", TakeAsync);
    }

    /// <summary>What is answered, one message after the other; then 204.</summary>
    public ConcurrentQueue<Func<HttpResponse, Task>> Answers { get; } = [];

    public IReadOnlyList<ReceivedMessage> Messages => [.. _messages];

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/hook";

    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public void Answer(int status, Action<IHeaderDictionary>? headers = null) => Answers.Enqueue(response =>
    {
        response.StatusCode = status;
        headers?.Invoke(response.Headers);
        return Task.CompletedTask;
    });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        _messages.Enqueue(
            new ReceivedMessage(
                headers["webhook-id"]!, long.Parse(headers["webhook-timestamp"]!), headers["webhook-signature"]!,
                context.Request.ContentType, body.ToArray())
        );
        if (Answers.TryDequeue(out var answer))
            await answer(context.Response);
        else
            context.Response.StatusCode = 204;
    }
}
