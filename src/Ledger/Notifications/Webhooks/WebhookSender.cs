using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Projections;
using Ledger.Registry;

namespace Ledger.Notifications.Webhooks;

/// <summary>
/// Posts a job's end to the bot's webhook, signed. Redirects are not followed and the answer's body is not read. So nothing from behind the
/// address comes back. A proxy named in the environment (HTTPS_PROXY) is used, except for this machine. The proxy is the place to say which
/// addresses may be reached.
/// </summary>
public sealed class WebhookSender(NotificationOptions options, KeyFolder keys, RegistryStore registry, TimeProvider time)
    : INotificationSender, IDisposable
{
    /// <summary>Number of bytes of an answer's body that are skipped to keep the connection. With a longer body the connection is
    /// closed.</summary>
    private const int DrainedBytes = 64 * 1024;

    private readonly HttpClient _http = Client();

    public NotificationKind Kind => NotificationKind.Webhook;

    public bool IsReady => true;

    public int AtOnce => 2;

    public (string Before, string After) MessageIdParts => ("msg_", "");

    public TimeSpan Deadline => options.WebhookDeadline;

    public string HostOf(Notification notification) =>
        Uri.TryCreate(notification.Recipient, UriKind.Absolute, out var url) ? url.Authority : "";

    public async Task<SendResult> SendAsync(Notification notification, CancellationToken cancel)
    {
        if (notification.Recipient is null)
            return new SendResult.Failed("the bot has no webhook any more, or it is disabled", IsFinal: true);
        if (Secret(notification) is not { } secret)
            return new SendResult.Failed(
                "the webhook's secret is missing or cannot be opened: give the bot its webhook anew", IsFinal: true);
        using var request = Request(notification, secret);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return response.StatusCode == HttpStatusCode.Gone ? await DisableAsync(notification, cancel) : Result(response);
        }
        catch (HttpRequestException e) when (!cancel.IsCancellationRequested)
        {
            return new SendResult.Failed(Problem(e));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The posted body. For a job's end, the status document as a poll would answer it, with the bot.</summary>
    internal static byte[] Body(Notification notification, Uri? publicUrl)
    {
        if (notification.Hold is { } hold)
            return HoldBody(notification.Bot, hold, publicUrl);
        var status = notification.Status;
        var data = JsonSerializer.SerializeToNode(status, DocumentJson.Default.JobStatus)!.AsObject();
        data.Insert(0, "botId", notification.Bot);
        if (notification.Topic != NotificationTopic.Ended)
        {
            data.Add("dueOn", notification.DueOn is { } due ? CaseText.Of(due) : null);
            return Message($"deletion_job.{Notification.Word(notification.Topic)}", notification.QueuedAt, data);
        }
        data.Add("certificate", PublicAddress.CertificateCall(publicUrl, notification.Bot, notification.Job));
        return Message($"deletion_job.{status.Status.ToString().ToLowerInvariant()}", status.CompletedAt!.Value, data);
    }

    /// <summary>The posted body for a legal hold's end. It names the jobs whose erasure is owed again, and no identifier.</summary>
    private static byte[] HoldBody(string bot, HoldNotice notice, Uri? publicUrl) => Message(
        $"legal_hold.{notice.Hold.StatusName}", notice.Hold.EndedAt!.Value,
        new JsonObject
        {
            ["botId"] = bot,
            ["holdId"] = notice.Hold.HoldId.ToString(),
            ["status"] = notice.Hold.StatusName,
            ["placedAt"] = Instant.Text(notice.Hold.PlacedAt),
            ["endedAt"] = Instant.Text(notice.Hold.EndedAt!.Value),
            ["skippedJobs"] = notice.JobCount,
            ["skippedIn"] = new JsonArray(
                [.. notice.Jobs.Select(job => new JsonObject
                {
                    ["jobId"] = job.JobId.ToString(),
                    ["conversations"] = job.Conversations,
                })]),
            ["hold"] = PublicAddress.HoldCall(publicUrl, bot, notice.Hold.HoldId),
        });

    private static byte[] Message(string type, DateTimeOffset at, JsonObject data) => JsonSerializer.SerializeToUtf8Bytes<JsonNode>(
        new JsonObject { ["type"] = type, ["timestamp"] = Instant.Text(at), ["data"] = data });

    internal static HttpClient Client()
    {
        var handler = OutgoingHttp.Handler();
        handler.MaxResponseDrainSize = DrainedBytes;
        handler.SslOptions.RemoteCertificateValidationCallback = TlsFailure.Check;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5); // an address that moved is found
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // the courier's deadline decides
    }

    /// <summary>The reason that there was no answer.</summary>
    internal static string Problem(HttpRequestException e) =>
        e.HttpRequestError == HttpRequestError.SecureConnectionError
            ? TlsFailure.Describe("the receiver", e)
            : "the receiver cannot be reached";

    private HttpRequestMessage Request(Notification notification, byte[] secret)
    {
        var body = Body(notification, options.PublicUrl);
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, notification.Recipient) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("deletion-ledger", null));
        request.Headers.Add("webhook-id", notification.MessageId);
        request.Headers.Add("webhook-timestamp", $"{timestamp}");
        request.Headers.Add("webhook-signature", WebhookSignature.Sign(secret, notification.MessageId, timestamp, body));
        return request;
    }

    private byte[]? Secret(Notification notification)
    {
        try
        {
            return notification.SealedSecret is null ? null : keys.OpenWebhookSecret(notification.Bot, notification.SealedSecret);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Disables the webhook, because 410 means for good (Standard Webhooks, "Deliverability and reliability").</summary>
    private async Task<SendResult> DisableAsync(Notification notification, CancellationToken cancel)
    {
        var disable = new DisableWebhook(notification.Bot, notification.Recipient!, "ledger", "the receiver answered 410 (Gone)");
        await registry.DisableWebhookAsync(disable, notification.SealedSecret!, cancel);
        return new SendResult.Failed(
            "the receiver wants no more messages (410): the webhook is disabled until `ledger bot set` sets it anew", IsFinal: true);
    }

    private SendResult Result(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
            return new SendResult.Sent();
        var problem = code is >= 300 and < 400
            ? $"the receiver answered {code}, a redirect, and none is followed: give the bot the new address"
            : $"the receiver answered {code}";
        return new SendResult.Failed(problem, NotBefore: RetryAfter.Of(response.Headers, time.GetUtcNow()));
    }
}
